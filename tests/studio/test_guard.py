"""The guard as an ASGI application: scopes and messages, without a server."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from rwkeras.studio.guard import COOKIE, Guard
from tests.studio.support import studio_settings

TOKEN = "a-token-of-the-studio"
OWN_HOST = {"host": "127.0.0.1:8765"}


def run(coroutine):
    """Runs a coroutine in its own thread: a browser leaves a loop running in that of the tests."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, coroutine).result()


def send_request(guard, kind="http", query="", body=(b"",), **headers):
    """Returns what a request is answered with: status, headers and what the application read."""
    sent, read = [], []

    async def application(scope, receive, send):
        while True:
            message = await receive()
            read.append(message)
            if message["type"] != "http.request" or not message.get("more_body"):
                break
        await send({"type": f"{kind}.response.start", "status": 200, "headers": [(b"a", b"b")]})

    parts = [
        {"type": "http.request", "body": part, "more_body": n < len(body) - 1}
        for n, part in enumerate(body)
    ]

    async def receive():
        return parts.pop(0)

    async def send(message):
        sent.append(message)

    named_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": kind,
        "headers": [(name.encode(), value.encode()) for name, value in named_headers.items()],
        "query_string": query.encode(),
    }
    guard._app = application
    run(guard(scope, receive, send))
    return sent, read


@pytest.fixture
def local(tmp_path):
    return Guard(None, studio_settings(tmp_path, max_bytes=1000), None)


@pytest.fixture
def public(tmp_path):
    return Guard(None, studio_settings(tmp_path, host="0.0.0.0"), TOKEN)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OWN_HOST, 200),
        ({"host": "localhost:8765"}, 200),
        ({"host": "[::1]:8765"}, 200),
        ({**OWN_HOST, "origin": "http://127.0.0.1:8765"}, 200),
        ({}, 421),
        ({"host": "studio.example.com"}, 421),
        ({"host": "127.0.0.1.example.com:8765"}, 421),
        ({"host": "[::1"}, 421),
        ({**OWN_HOST, "origin": "http://example.com"}, 403),
        ({**OWN_HOST, "origin": "null"}, 403),
        ({**OWN_HOST, "origin": "http://127.0.0.1:9999"}, 403),
        ({**OWN_HOST, "content_length": "1000"}, 200),
        ({**OWN_HOST, "content_length": "9000000"}, 413),
        ({**OWN_HOST, "content_length": "-1"}, 413),
    ],
)
def test_host_origin_and_length(local, headers, status):
    sent, read = send_request(local, **headers)
    assert sent[0]["status"] == status
    assert bool(read) is (status == 200)


def test_a_websocket_from_another_origin_is_rejected(local):
    sent, read = send_request(
        local, "websocket", host=OWN_HOST["host"], origin="http://example.com"
    )
    assert sent == [
        {
            "type": "websocket.close",
            "code": 1008,
            "reason": "Cross-origin requests are not allowed.",
        }
    ]
    assert read == []


def test_a_body_over_the_limit_ends_the_request(local):
    max_bytes = 1000 + 2**20
    complete = send_request(local, body=(b"x" * max_bytes,), **OWN_HOST)[1]
    assert [message["type"] for message in complete] == ["http.request"]
    _, read = send_request(local, body=(b"x" * max_bytes, b"y", b"z"), **OWN_HOST)
    assert [message["type"] for message in read] == ["http.request", "http.disconnect"]


def test_security_headers(local):
    (response_start,), _ = send_request(local, **OWN_HOST)
    headers = dict(response_start["headers"])
    assert headers[b"a"] == b"b"
    assert headers[b"x-frame-options"] == b"DENY"
    assert headers[b"x-content-type-options"] == b"nosniff"
    policy = headers[b"content-security-policy"].decode()
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert b"set-cookie" not in headers


OTHER_HOST = {"host": "studio.lan:8765"}


@pytest.mark.parametrize(
    ("query", "cookie", "status"),
    [
        ("", None, 401),
        ("token=", None, 401),
        ("token=wrong", None, 401),
        (f"token={TOKEN}", None, 200),
        ("", f"{COOKIE}={TOKEN}", 200),
        ("", f"{COOKIE}=wrong", 401),
        ("", f"other={TOKEN}", 401),
        ("token=%ff", None, 401),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_public_page_requires_the_token(public, query, cookie, status, kind):
    headers = OTHER_HOST if cookie is None else {**OTHER_HOST, "cookie": cookie}
    sent, read = send_request(public, kind, query, **headers)
    if status == 200:
        assert read
    else:
        assert sent[0].get("status", 401) == status
        assert read == []


def test_the_token_is_kept_in_an_http_only_cookie(public):
    (response_start,), _ = send_request(public, query=f"token={TOKEN}", **OTHER_HOST)
    cookie = dict(response_start["headers"])[b"set-cookie"].decode()
    assert cookie == f"{COOKIE}={TOKEN}; HttpOnly; SameSite=Strict; Path=/"
    (response_start,), _ = send_request(public, cookie=f"{COOKIE}={TOKEN}", **OTHER_HOST)
    assert b"set-cookie" not in dict(response_start["headers"])


def test_other_scopes_pass_through(local):
    async def nothing(*_):
        return {"type": "lifespan.startup"}

    seen = []

    async def application(scope, receive, send):
        seen.append(scope["type"])

    local._app = application
    run(local({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]
