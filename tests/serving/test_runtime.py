"""Exports, run by TensorFlow's C++ runtime as the stock server runs them."""

import contextlib
import time

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras import OptimizerSettings
from tests.serving.c_api import StatusError
from tests.serving.c_worker import Remote
from tests.serving.conftest import SERVING, STYLE
from tests.serving.pictures import pixels, png, png_of_size, strings

FOREVER = 10**6


@pytest.fixture(scope="module")
def remote(exported):
    with Remote(exported / "1") as remote:
        yield remote


@pytest.fixture
def request_of(content, style):
    return {"content_bytes": strings(png(content[0])), "style_bytes": strings(png(style[0]))}


@contextlib.contextmanager
def graphs_as_written():
    """Has TensorFlow run graphs without rewriting them, which changes the order of sums."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


def eager(recipe, content, style):
    optimizer = OptimizerSettings(
        max_iterations=SERVING.max_iterations,
        max_evaluations=SERVING.max_evaluations,
        parametrization="pixels",
        precision="float32",
    )
    return rwkeras.transfer_style(recipe.build(), content, style, STYLE, optimizer=optimizer)


def as_written_config():
    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config.SerializeToString()


@pytest.mark.slow
def test_no_python_of_tensorflow_is_there(remote, request_of):
    answer = remote.predict("rest", request_of)
    assert not remote.tensorflow_imported()
    assert set(answer) == {
        "image_bytes",
        "loss",
        "initial_loss",
        "losses",
        "iterations",
        "evaluations",
        "converged",
        "failed",
    }
    assert pixels(answer["image_bytes"][0]).shape == (32, 24, 3)
    assert answer["losses"].shape == (1, 5)
    assert answer["iterations"].tolist() == [8]
    assert answer["failed"].tolist() == [False]


def test_the_image_is_that_of_the_task(exported, toy_recipe, content, style):
    # Two graphs, each compiled in its own process, add in the order that suits the processor. With
    # AVX2 alone these are 4e-7 apart, 140 dB, where with AVX-512 they have the same bits.
    inputs = {"content": content, "style": style}
    with graphs_as_written():
        expected = eager(toy_recipe, content, style)
    with Remote(exported / "1", config=as_written_config()) as remote:
        found = remote.predict("tensors", inputs)
    assert rwkeras.psnr(found["image"], expected.image) > 100
    np.testing.assert_allclose(found["initial_loss"], expected.initial_loss, rtol=1e-6)
    losses = np.concatenate([*expected.losses.values()])
    np.testing.assert_allclose(found["losses"][0], losses, rtol=1e-5)
    assert found["evaluations"][0] == expected.evaluations[0]


@pytest.mark.slow
def test_the_image_is_that_of_the_task_but_for_rounding(remote, toy_recipe, content, style):
    found = remote.predict("tensors", {"content": content, "style": style})
    expected = eager(toy_recipe, content, style)
    assert rwkeras.psnr(found["image"], expected.image) > 60
    np.testing.assert_allclose(found["loss"], expected.loss, rtol=1e-3)


@pytest.mark.slow
def test_weights_made_at_load_are_those_that_are_stored(exported, remote, request_of):
    with Remote(exported / "2") as made:
        assert made.predict("rest", request_of)["image_bytes"].tolist() == (
            remote.predict("rest", request_of)["image_bytes"].tolist()
        )


@pytest.mark.slow
def test_a_batch_is_as_many_single_calls(remote, content, style):
    images = [content[0], style[0], content[0, ::-1]]
    together = {
        "content_bytes": strings(*(png(image) for image in images)),
        "style_bytes": strings(png(style[0])),
    }
    answer = remote.predict("serving_default", together)
    for place, image in enumerate(images):
        single = remote.predict(
            "serving_default", {**together, "content_bytes": strings(png(image))}
        )
        for name, value in single.items():
            assert value.shape[0] == 1
            np.testing.assert_array_equal(answer[name][place], value[0])


@pytest.mark.slow
def test_each_content_may_have_a_style_of_its_own(remote, content, style):
    files = strings(png(content[0]), png(style[0]))
    answer = remote.predict("rest", {"content_bytes": files, "style_bytes": files[::-1]})
    for place in range(2):
        single = remote.predict(
            "rest",
            {"content_bytes": files[[place]], "style_bytes": files[::-1][[place]]},
        )
        assert single["image_bytes"][0] == answer["image_bytes"][place]


@pytest.mark.slow
def test_options_are_heeded(remote, request_of):
    usual = remote.predict("serving_default", request_of)
    fewer = remote.predict("serving_default", {**request_of, "max_iterations": np.int32(3)})
    assert (usual["iterations"][0], fewer["iterations"][0]) == (8, 3)
    bounded = remote.predict("serving_default", {**request_of, "max_evaluations": np.int32(5)})
    assert bounded["evaluations"][0] == 5
    none = remote.predict("serving_default", {**request_of, "style_weight": np.float32(0)})
    assert none["losses"][0, 1:4].tolist() == [0, 0, 0]


@pytest.mark.slow
def test_large_images_are_scaled_down(remote, style):
    wide = np.tile(style, (1, 4, 5, 1))[0]
    answer = remote.predict(
        "rest", {"content_bytes": strings(png(wide)), "style_bytes": strings(png(wide))}
    )
    assert wide.shape[:2] == (80, 140)
    assert pixels(answer["image_bytes"][0]).shape == (37, 64, 3)


def test_the_place_of_an_image_without_a_finite_loss_is_said(remote, content, style):
    # Without anything to see, a layer's loss has no size to be balanced by.
    grey = np.full(content.shape[1:], np.array([123.68, 116.779, 103.939]) / 255, np.float32)
    with pytest.raises(StatusError) as error:
        remote.predict("tensors", {"content": np.stack([content[0], grey]), "style": style})
    assert error.value.code == "INVALID_ARGUMENT"
    assert (
        "Invalid value for `content`. Expected images and options with a finite loss. Received: "
        "others at indices] [1]"
    ) in error.value.message


@pytest.mark.slow
def test_signatures_agree_to_rounding(remote, request_of):
    # Options that are constants are folded into the graph, which rounds otherwise.
    one, other = (remote.predict(name, request_of) for name in ("rest", "serving_default"))
    assert one.keys() == other.keys()
    for name in ("iterations", "evaluations", "converged", "failed"):
        np.testing.assert_array_equal(one[name], other[name])
    np.testing.assert_allclose(one["losses"], other["losses"], rtol=1e-3)
    images = [pixels(answer["image_bytes"][0]).astype(int) for answer in (one, other)]
    assert np.abs(images[0] - images[1]).max() <= 1


BAD = {
    "nonsense": ({"content_bytes": strings(b"nonsense")}, "`content_bytes`"),
    "empty": ({"style_bytes": strings(b"")}, "`style_bytes`"),
    "huge": ({"content_bytes": strings(png_of_size(10**5, 10**5))}, "`content_bytes`"),
    "no batch": ({"content_bytes": strings()}, "`content_bytes`"),
    "rank": ({"content_bytes": strings(b"").reshape(1, 1)}, "`content_bytes`"),
    "scalar": ({"style_bytes": np.array(b"", object)}, "`style_bytes`"),
    "small": ({"style_bytes": strings(png(np.zeros((1, 9, 3))))}, "`style_bytes`"),
    # Once it is scaled down.
    "thin": ({"content_bytes": strings(png(np.zeros((6, 400, 3))))}, "`content_bytes`"),
    "counts": ({"style_bytes": strings(*[png(np.zeros((9, 9, 3)))] * 2)}, "`style_bytes`"),
    "weight": ({"content_weight": np.float32("nan")}, "`content_weight`"),
    "infinite": ({"style_weight": np.float32("inf")}, "`style_weight`"),
    "endless": ({"content_weight": np.float32(1e38)}, "`content_weight`"),
    "negative": ({"tv_weight": np.float32(-1)}, "`tv_weight`"),
    "budget": ({"max_iterations": np.int32(10**6 + 1)}, "`max_iterations`"),
    "vector": ({"max_iterations": np.array([1, 2], np.int32)}, "`max_iterations`"),
    "type": ({"content_bytes": np.zeros(1, np.float32)}, "string"),
}


@pytest.mark.parametrize(("bad", "named"), BAD.values(), ids=list(BAD))
def test_bad_requests_name_what_is_wrong(remote, request_of, bad, named):
    with pytest.raises(StatusError) as error:
        remote.predict("serving_default", {**request_of, **bad})
    assert error.value.code == "INVALID_ARGUMENT"
    assert named in error.value.message
    assert remote.predict("rest", request_of)["failed"].tolist() == [False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda image: image * np.nan, "pixels in [0, 1]"),
        (lambda image: image * 255, "pixels in [0, 1]"),
        (lambda image: image[0], "rank 4"),
        (lambda image: image[:0], "a non-empty batch of rank 4"),
        (lambda image: image[:, :0], "at least 4 pixels"),
        (lambda image: image[..., :2], "3 channels"),
    ],
)
def test_bad_tensors_are_refused(remote, content, style, change, message):
    with pytest.raises(StatusError) as error:
        remote.predict("tensors", {"content": change(content), "style": style})
    assert error.value.code == "INVALID_ARGUMENT"
    assert "Invalid value for `content`" in error.value.message
    assert message in error.value.message


def test_places_of_bad_images_are_said(remote, content, style):
    files = strings(png(content[0]), b"bad", png(content[0]), b"worse")
    with pytest.raises(StatusError) as error:
        remote.predict("rest", {"content_bytes": files, "style_bytes": strings(png(style[0]))})
    assert (
        "Invalid value for `content_bytes`. Expected intact PNG or JPEG images. Received: other "
        "data at indices] [1 3]"
    ) in error.value.message


def test_places_of_small_images_are_said_before_anything_is_done(remote, content, style):
    files = strings(png(content[0]), png(content[0][:1]), png(content[0]), png(content[0][:, :1]))
    endless = {"max_iterations": np.int32(FOREVER), "max_evaluations": np.int32(FOREVER)}
    request = {"content_bytes": files, "style_bytes": strings(png(style[0])), **endless}
    with pytest.raises(StatusError) as error:
        remote.predict("serving_default", request, timeout=60)
    assert (
        "Invalid value for `content_bytes`. Expected images with sides of at least 4 pixels. "
        "Received: smaller at indices] [1 3]"
    ) in error.value.message


@pytest.mark.slow
def test_a_deadline_is_obeyed(remote, request_of):
    endless = {"max_iterations": np.int32(FOREVER), "max_evaluations": np.int32(FOREVER)}
    # So that no image is ever done.
    endless["tv_weight"] = np.float32(1e-3)
    # The first run of a signature rewrites the graph.
    remote.predict("serving_default", request_of)
    started = time.monotonic()
    remote.predict("serving_default", request_of)
    # Of some hundred evaluations, however fast the machine is.
    deadline = max(1.0, 20 * (time.monotonic() - started))
    started = time.monotonic()
    with pytest.raises(StatusError) as error:
        remote.predict("serving_default", {**request_of, **endless}, timeout=deadline)
    assert error.value.code == "DEADLINE_EXCEEDED"
    assert deadline <= time.monotonic() - started < 2 * deadline
    assert remote.predict("rest", request_of)["failed"].tolist() == [False]


@pytest.mark.slow
def test_bad_requests_leave_nothing_behind(remote, request_of):
    files = {
        "nonsense": strings(b"nonsense"),
        "huge": strings(png_of_size(10**5, 10**5)),
    }
    files["cut"] = strings(request_of["content_bytes"][0][:-20])

    def refused(times):
        for file in files.values():
            counts = remote.predict_often(times, "rest", {**request_of, "content_bytes": file})
            assert counts == {"INVALID_ARGUMENT": times}

    refused(50)
    before = remote.memory()
    refused(334)
    assert remote.memory() - before < 4 * 2**20
    assert remote.predict("rest", request_of)["failed"].tolist() == [False]
