import contextlib
import io
import socket
import threading

import numpy as np
import pytest
from PIL import Image

from rwkeras.images.writing import to_uint8
from rwkeras.serving import Client, ServingError
from rwkeras.serving.client.metadata import TensorSpec, VersionStatus
from tests.conftest import waves
from tests.serving.client.models import (
    DEFAULTS,
    REFUSAL,
    SERVERS,
    client_of,
    echo_model,
    style_model,
)
from tests.serving.wire import Model, ServedError, signature_def

EVERY_TYPE = {
    "float": (np.array([[0.1, np.nan, -np.inf], [1e-40, 3e38, np.pi]], np.float32), [None, 3]),
    "double": (np.float64(np.pi), []),
    "small": (np.array([-(2**31), 2**31 - 1], np.int32), [None]),
    "large": (np.array([-(2**63), 2**63 - 1], np.int64), [None]),
    "octet": (np.uint8([[[0, 255]]]), [1, 1, 2]),
    "flag": (np.array([True, False]), [None]),
    "some_bytes": (np.array([[b"\x89PNG\0\xff", b"\0"]], object), [None, None]),
    "one_bytes": (np.array(b"\0\0", object), []),
    "text": (np.array(["gr\u00fcn".encode(), b""], object), [None]),
    "nothing_bytes": (np.array([], object), [None]),
    "none": (np.zeros([0], np.float32), [None]),
}


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def test_pictures_go_there_and_back(connect_client, tmp_path):
    model = style_model()
    client = connect_client(model)
    photo = to_uint8(waves(8, 6))
    Image.fromarray(photo).save(tmp_path / "photo.png")
    Image.fromarray(photo).save(tmp_path / "photo.jpg")
    kinds = [tmp_path / "photo.png", photo, Image.fromarray(photo), photo / np.float32(255)]
    reply = client.transfer_style(kinds, str(tmp_path / "photo.jpg"))
    for png in reply.images:
        np.testing.assert_array_equal(pixels(png), 255 - photo)
    assert reply.losses.dtype == np.float32
    assert (reply.iterations.dtype, reply.converged.dtype) == (np.int32, bool)
    assert np.isnan(reply.loss).all()
    assert reply.failed is None
    ((_, _, inputs),) = model.requests
    assert inputs["style_bytes"][0] == (tmp_path / "photo.jpg").read_bytes()
    assert len(client.transfer_style(np.stack([photo, photo]), photo).images) == 2


def test_options_get_their_types_and_the_others_their_defaults(connect_client):
    model = style_model()
    photo = to_uint8(waves(8, 6))
    reply = connect_client(model).transfer_style(
        [photo] * 2, photo, style_weight=3, max_iterations=7
    )
    np.testing.assert_array_equal(reply.losses, np.float32([[3, 2**40]] * 2))
    np.testing.assert_array_equal(reply.iterations, [7, 7])
    version, name, inputs = model.requests[0]
    assert (version, name) == (1, "serving_default")
    assert inputs["seed"] == DEFAULTS["seed"]


def test_every_type_survives(connect_client):
    specs = {
        name: ("string" if array.dtype == object else array.dtype.name, shape)
        for name, (array, shape) in EVERY_TYPE.items()
    }
    client = connect_client(echo_model(specs))
    given = {name: array for name, (array, _) in EVERY_TYPE.items()}
    found = client.predict(given, "serving_default")
    assert found.keys() == given.keys()
    for name, array in given.items():
        assert found[name].dtype == array.dtype, name
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_one_output_is_known_by_its_name(connect_client):
    specs = {"image_bytes": ("string", [None])}
    signatures = {
        name: signature_def({"source_bytes": ("string", [None])}, specs)
        for name in ("rest", "serving_default")
    }
    model = Model(lambda _, inputs: {"image_bytes": inputs["source_bytes"]}, signatures)
    assert connect_client(model).invert([b"one", b"two"]) == ([b"one", b"two"], *[None] * 7)


def test_textures(connect_client):
    inputs = {"texture_bytes": ("string", [None]), "width": ("int32", [])}
    outputs = {"image_bytes": ("string", [None]), "iterations": ("int32", [None])}
    signature = signature_def(inputs, outputs, {"width": np.int32(0)})
    model = Model(
        lambda _, i: {"image_bytes": i["texture_bytes"], "iterations": i["width"][None]},
        {"serving_default": signature},
    )
    reply = connect_client(model).synthesize_texture(b"pebbles", width=64)
    assert (reply.images, reply.iterations.tolist()) == ([b"pebbles"], [64])


def test_inputs_are_refused_before_they_are_sent(connect_client):
    model = style_model()
    client = connect_client(model)
    with pytest.raises(ValueError) as error:
        client.transfer_style(b"", b"", stile_weight=1)
    assert str(error.value) == (
        "Invalid value for argument `inputs`. Expected one of 'content_bytes', 'max_iterations', "
        "'seed', 'style_bytes', 'style_weight' (did you mean 'style_weight'?). Received: "
        "inputs=stile_weight"
    )
    with pytest.raises(ValueError) as error:
        client.transfer_style(b"", b"", max_iterations=1.5)
    assert str(error.value) == (
        "Invalid value for argument `max_iterations`. Expected values of type int32. Received: "
        "max_iterations=float64 values"
    )
    with pytest.raises(ValueError) as error:
        client.predict({"content_bytes": [b""]}, "serving_default")
    assert str(error.value) == (
        "Invalid value for argument `inputs`. Expected all inputs without a default on the "
        "server, including style_bytes. Received: inputs=content_bytes"
    )
    with pytest.raises(ValueError) as error:
        client.predict({}, "tensors")
    assert str(error.value) == (
        "Invalid value for argument `signature_name`. Expected one of 'rest', 'serving_default'. "
        "Received: signature_name=tensors"
    )
    assert not model.requests


def test_the_servers_own_words(connect_client):
    client = connect_client(style_model())
    with pytest.raises(ServingError) as error:
        client.transfer_style([b"else"], b"")
    assert str(error.value) == REFUSAL
    assert error.value.code == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (
            {"version": 7},
            "NOT_FOUND",
            "Servable not found for request: Specific(multiscale_style, 7)",
        ),
        ({"label": "x"}, "INVALID_ARGUMENT", "Unrecognized servable version label: x"),
    ],
)
def test_unknown_versions(connect_client, options, code, message):
    client = connect_client(style_model(), **options)
    with pytest.raises(ServingError) as error:
        client.transfer_style(b"", b"")
    assert (error.value.code, str(error.value)) == (code, message)


def test_models_by_name(connect_client):
    model = style_model(name="a model, 100% /odd")
    client = connect_client(model)
    assert client.status() == [VersionStatus(1, "AVAILABLE", "")]
    model.name = "another"
    with pytest.raises(ServingError) as error:
        client.status()
    assert error.value.code == "NOT_FOUND"
    assert str(error.value) == "Servable not found for request: Latest(a model, 100% /odd)"


def test_versions_and_labels(connect_client):
    for options, version in (({}, 3), ({"version": 2}, 2), ({"label": "well tried"}, 1)):
        model = style_model(versions=(1, 2, 3), labels={"well tried": 1})
        photo = to_uint8(waves(4, 4))
        client = connect_client(model, **options)
        assert client.metadata().version == version
        client.transfer_style(photo, photo)
        assert model.requests[0][0] == version


def test_status(connect_client):
    model = style_model(versions=(1, 2))
    available = [VersionStatus(number, "AVAILABLE", "") for number in (1, 2)]
    assert connect_client(model).status() == available
    assert connect_client(model, version=2).status() == available[1:]


def test_metadata(connect_client):
    metadata = connect_client(style_model()).metadata()
    assert list(metadata.signatures) == ["rest", "serving_default"]
    signature = metadata.signatures["serving_default"]
    assert signature.inputs["content_bytes"] == TensorSpec("string", (None,))
    assert signature.inputs["seed"] == TensorSpec("int64", ())
    assert signature.outputs["losses"] == TensorSpec("float32", (None, 2))
    assert signature.defaults == DEFAULTS
    assert {n: v.dtype for n, v in signature.defaults.items()} == {
        n: v.dtype for n, v in DEFAULTS.items()
    }


def test_busy_servers_are_asked_again(connect_client, recorded_waits):
    busy = [ServedError("UNAVAILABLE", "loading"), ServedError("RESOURCE_EXHAUSTED", "full")]
    model = style_model(failures=busy.copy())
    photo = to_uint8(waves(4, 4))
    connect_client(model).transfer_style(photo, photo)
    assert len(model.requests) == 3
    assert recorded_waits == [0.5, 1]

    model = style_model(failures=busy * 2)
    with pytest.raises(ServingError) as error:
        connect_client(model, retries=1).transfer_style(photo, photo)
    assert (error.value.code, str(error.value)) == ("RESOURCE_EXHAUSTED", "full")
    assert len(model.requests) == 2


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "INTERNAL", "ABORTED", "NOT_FOUND"])
def test_other_errors_are_final(connect_client, recorded_waits, code):
    model = style_model(failures=[ServedError(code, "no")])
    photo = to_uint8(waves(4, 4))
    with pytest.raises(ServingError) as error:
        connect_client(model).transfer_style(photo, photo)
    assert (error.value.code, str(error.value)) == (code, "no")
    assert len(model.requests) == 1
    assert not recorded_waits


class Clock:
    """Takes the place of `time`; sleeping takes no time but its own."""

    def __init__(self, now):
        self._now = now

    def monotonic(self):
        return self._now[0]

    def sleep(self, seconds):
        self._now[0] += seconds


def test_a_server_that_stays_busy_is_not_waited_for(connect_client, monkeypatch):
    # A clock that runs by waiting alone, so that a busy machine has as long as any.
    now = [0.0]
    monkeypatch.setattr("rwkeras.serving.client.deadline.time", Clock(now))
    model = style_model(failures=[ServedError("UNAVAILABLE", "loading")] * 9)
    photo = to_uint8(waves(4, 4))
    client = connect_client(model, retries=9)
    client.metadata()  # The first call connects.
    with pytest.raises(ServingError) as error:
        client.transfer_style(photo, photo, timeout=25)
    assert str(error.value) == "loading"
    # Another wait, of 16 seconds, would have been too long.
    assert len(model.requests) == 6
    assert now == [0.5 + 1 + 2 + 4 + 8]


def test_deadline(connect_client):
    release, answered = threading.Event(), []

    def slow(name, inputs):
        release.wait(60)
        answered.append(inputs)
        return inputs

    signature = signature_def({"x": ("int32", [])}, {"x": ("int32", [])})
    client = connect_client(Model(slow, {"serving_default": signature}))
    client.metadata()
    # The server has not answered yet, however slow this machine is.
    try:
        with pytest.raises(ServingError) as error:
            client.predict({"x": 1}, "serving_default", timeout=0.5)
        assert not answered
    finally:
        release.set()
    assert str(error.value) == "No response within 0.5 seconds"
    assert error.value.code == "DEADLINE_EXCEEDED"


def test_no_server():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for address in (f"http://127.0.0.1:{port}", f"127.0.0.1:{port}"):
        with Client(address, retries=0) as client, pytest.raises(ServingError) as error:
            client.status()
        assert error.value.code == "UNAVAILABLE"
        assert f"127.0.0.1:{port}" in str(error.value)
        assert "Connection refused" in str(error.value)
        assert "\n" not in str(error.value)


def test_many_threads_share_a_client(connect_client):
    client = connect_client(echo_model({"x": ("int32", [None])}))
    results = {}

    def ask(i):
        results[i] = client.predict({"x": [i] * 1000}, "serving_default")["x"]

    threads = [threading.Thread(target=ask, args=[i]) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(8):
        np.testing.assert_array_equal(results[i], [i] * 1000)


@pytest.mark.slow
@pytest.mark.parametrize("wire", SERVERS)
def test_large_images(wire):
    model = echo_model({"image": ("float32", [None, None, None, 3])})
    # Three times as large as gRPC takes by default. In eighths, which are short in JSON.
    levels = np.random.default_rng(0).integers(0, 9, [1, 1024, 1024, 3])
    image = (levels / 8).astype(np.float32)
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(client_of(stack.enter_context(SERVERS[wire](model)), model))
        found = client.predict({"image": image}, "serving_default")
    np.testing.assert_array_equal(found["image"], image)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": ""}, "`model`. Expected the name of a model. Received: model="),
        (
            {"version": -1},
            "`version`. Expected an integer of at least 0. Received: version=-1",
        ),
        (
            {"version": 1, "label": "stable"},
            "`label`. Expected None with `version`. Received: label=stable",
        ),
        ({"label": ""}, "`label`. Expected the label of a version. Received: label="),
        (
            {"timeout": 0},
            "`timeout`. Expected a finite number greater than 0. Received: timeout=0",
        ),
        ({"retries": 0.5}, "`retries`. Expected an integer of at least 0. Received: retries=0.5"),
    ],
)
def test_nonsense(options, message):
    with pytest.raises(ValueError) as error:
        Client("http://localhost:8501", **options)
    assert str(error.value) == f"Invalid value for argument {message}"
