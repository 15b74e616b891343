import warnings
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.images.writing import to_uint8, write_image
from rwkeras.tasks.settings import INITS
from rwkeras.tasks.start import as_start, warn_of_stretching
from tests.conftest import waves

NO_FILE = (
    "`init`. Expected 'content', 'noise', or the path of an existing picture or of a decoder's "
    ".keras file"
)


@pytest.fixture
def content(batch):
    return batch


@pytest.fixture(scope="module")
def decoder(toy, tmp_path_factory):
    path = tmp_path_factory.mktemp("decoder") / "decoder.keras"
    rwkeras.decnn(
        toy, "conv2_1", rwkeras.decoder(toy, "conv2_1", rwkeras.DecoderSettings(depth=1))
    ).save(path)
    return path


def test_an_image_for_all(content):
    picture = waves(24, 9)
    for given in (picture, picture[np.newaxis], tf.constant(picture)):
        start = as_start(given, content)
        assert start.dtype == tf.float32
        np.testing.assert_array_equal(start, np.stack([picture, picture]))


def test_an_image_for_each(content):
    pictures = np.stack([waves(24, 9), 1 - waves(24, 9)])
    np.testing.assert_array_equal(as_start(pictures, content), pictures)
    np.testing.assert_array_equal(as_start(pictures[1:], content[:1]), pictures[1:])


def test_warning_for_stretched_initial_images(content):
    _, height, width, _ = content.shape
    with pytest.warns(UserWarning, match="stretched") as warned:
        warn_of_stretching(as_start(waves(4, 90), content), content)
    assert [str(each.message) for each in warned] == [
        f"`init` is stretched from 90 x 4 pixels to the aspect ratio of {width} x {height}"
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_stretching(as_start(waves(2 * height, 2 * width), content), content)


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_the_path_of_a_picture(content, tmp_path, kind):
    picture = waves(12, 15)
    write_image(tmp_path / "start.png", picture)
    start = as_start(kind(tmp_path / "start.png"), content)
    np.testing.assert_allclose(start, np.stack([to_uint8(picture)] * 2) / 255, rtol=1e-6)


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_the_file_of_a_decoder(content, decoder, kind):
    start = as_start(kind(decoder), content)
    assert isinstance(start, tf.Tensor)
    np.testing.assert_array_equal(start, rwkeras.decode(decoder, content))
    assert start.shape == content.shape
    assert not np.array_equal(start[0], start[1])


@pytest.mark.parametrize(
    ("init", "message"),
    [
        (
            np.zeros((3, 8, 8, 3)),
            "`init`. Expected one image or a batch of 2. Received: init=3 images",
        ),
        (
            "nowhere.png",
            f"{NO_FILE}. Received: init=nowhere.png",
        ),
        (
            None,
            "`init`. Expected a path, a Pillow image, an array or a tensor. "
            "Received: init=<class 'NoneType'>",
        ),
        (
            np.full((8, 8, 3), 2.0),
            "`init`. Expected float pixels in [0, 1], or uint8 in [0, 255]. "
            "Received: init=float pixels from 2 to 2",
        ),
        (Path("nowhere.keras"), f"{NO_FILE}. Received: init=nowhere.keras"),
        ("nois", f"{NO_FILE} (did you mean 'noise'?). Received: init=nois"),
    ],
)
def test_errors(content, init, message):
    with pytest.raises(ValueError) as error:
        as_start(init, content, INITS)
    assert str(error.value) == f"Invalid value for argument {message}"


def test_as_many_images_for_one(content):
    with pytest.raises(ValueError) as error:
        as_start(np.zeros((2, 8, 8, 3)), content[:1])
    assert str(error.value) == (
        "Invalid value for argument `init`. Expected one image or a batch of 1. "
        "Received: init=2 images"
    )
