import contextlib
import email.utils
import json
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from rwkeras.images.writing import to_uint8, write_image
from rwkeras.serving import Client, ServingError
from tests.conftest import waves
from tests.serving.client.models import client_of, style_model
from tests.serving.wire import ServedError, rest_server

STATUS = {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]}


@contextlib.contextmanager
def answering(*answers):
    """Runs an HTTP server that gives answers, (status, headers, body), and the last one again."""
    left = list(answers)
    paths = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            status, headers, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        with Client(f"http://127.0.0.1:{server.server_address[1]}/prefix/") as client:
            yield client, paths
        server.shutdown()


def error_of(client):
    with pytest.raises(ServingError) as error:
        client.status()
    return error.value


def test_a_path_before_the_models():
    with answering((200, {}, json.dumps(STATUS).encode())) as (client, paths):
        assert client.status() == [(1, "AVAILABLE", "")]
    assert paths == ["/prefix/v1/models/multiscale_style"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"model_version_status": [{}]}'])
def test_another_server(body):
    with answering((200, {}, body)) as (client, _):
        assert "/v1/models/multiscale_style is not TensorFlow Serving" in str(error_of(client))


@pytest.mark.parametrize(
    ("status", "headers", "body", "code", "message"),
    [
        (404, {}, b"<html>", "NOT_FOUND", "HTTP 404 Not Found"),
        (302, {"Location": "/"}, b"", "UNKNOWN", "HTTP 302 Found"),
        (504, {}, b'{"error": "Timed out"}', "DEADLINE_EXCEEDED", "Timed out"),
        (500, {}, b'"error"', "INTERNAL", "HTTP 500 Internal Server Error"),
    ],
)
def test_errors_of_others(status, headers, body, code, message):
    with answering((status, headers, body)) as (client, _):
        error = error_of(client)
    assert (error.code, str(error)) == (code, message)


def test_the_server_says_when_to_come_back(recorded_waits):
    later = email.utils.formatdate(time.time() + 60, usegmt=True)
    answers = [(503, {"Retry-After": text}, b"") for text in ("7", "0", later, "soon")]
    fine = (200, {}, json.dumps(STATUS).encode())
    with answering(answers[0], answers[1], answers[2], fine) as (client, _):
        assert client.status()
    assert recorded_waits[:2] == [7, 1]
    assert 50 < recorded_waits[2] <= 60
    recorded_waits.clear()
    with answering(answers[3], fine) as (client, _):
        assert client.status()
    assert recorded_waits == [0.5]


def test_later_than_the_deadline_is_too_late(recorded_waits):
    model = style_model(failures=[ServedError("RESOURCE_EXHAUSTED", "full", retry_after="100")])
    photo = to_uint8(waves(4, 4))
    with (
        rest_server(model) as address,
        client_of(address, model, timeout=50) as client,
        pytest.raises(ServingError) as error,
    ):
        client.transfer_style(photo, photo)
    assert str(error.value) == "full"
    assert not recorded_waits


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"]
)
def test_slow_trickle_times_out(head):
    """A server that sends a byte now and then, for which the limit of requests alone would wait."""
    ended = threading.Event()

    def trickle(server):
        with contextlib.suppress(OSError), server.accept()[0] as connection:
            connection.recv(1000)
            connection.sendall(head)
            # No longer than this, for a client that waits would wait for ever.
            end = time.monotonic() + 60
            while not ended.wait(0.1) and time.monotonic() < end:
                connection.sendall(b" " if head else b"")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=trickle, args=[server])
        thread.start()
        with Client(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=0.5) as client:
            error = error_of(client)
        # It still trickled.
        assert thread.is_alive()
        ended.set()
        thread.join()
    assert (error.code, str(error)) == ("DEADLINE_EXCEEDED", "No response within 0.5 seconds")


def test_unknown_host():
    with Client("http://nobody.invalid:1", timeout=20) as client:
        error = error_of(client)
    assert error.code == "UNAVAILABLE"
    assert str(error).startswith(
        "No response from http://nobody.invalid:1/v1/models/multiscale_style: "
    )


def test_it_does_without_tensorflow(tmp_path):
    code = """
import sys
from rwkeras.serving import Client
with Client(sys.argv[1]) as client:
    client.transfer_style(sys.argv[2], sys.argv[2], seed=3).save("out.png")
print([name for name in ("tensorflow", "keras", "grpc") if name in sys.modules])
"""
    write_image(tmp_path / "photo.png", waves(8, 8))
    with rest_server(style_model()) as address:
        process = subprocess.run(
            [sys.executable, "-c", code, address, "photo.png"],
            cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
    assert (process.stdout, process.stderr) == ("[]\n", "")
    assert (tmp_path / "out.png").exists()
