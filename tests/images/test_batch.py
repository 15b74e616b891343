import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import rwkeras
from rwkeras.images.writing import to_uint8
from tests.conftest import waves

IMAGE = waves(6, 5)


@pytest.mark.parametrize(
    "convert",
    [
        lambda path: str(path),
        lambda path: path,
        lambda path: Image.open(path),
        lambda path: to_uint8(IMAGE),
        lambda path: tf.constant(to_uint8(IMAGE)),
        lambda path: IMAGE,
        lambda path: tf.Variable(IMAGE),
    ],
)
def test_accepted_image_types(tmp_path, convert):
    rwkeras.write_image(tmp_path / "a.png", IMAGE)
    images, batched = rwkeras.as_batch(convert(tmp_path / "a.png"))
    assert images.shape == (1, 6, 5, 3)
    assert images.dtype == tf.float32
    assert not batched
    np.testing.assert_allclose(images[0], IMAGE, atol=0.51 / 255)


def test_a_batch():
    images, batched = rwkeras.as_batch(np.stack([IMAGE, IMAGE]))
    assert images.shape == (2, 6, 5, 3)
    assert batched


@pytest.mark.parametrize("shape", [(0, 4, 3), (1, 1, 3), (1, 9, 3), (0, 4, 4, 3)])
def test_too_few_pixels(shape):
    with pytest.raises(ValueError) as error:
        rwkeras.as_batch(np.zeros(shape, np.float32), "content")
    assert str(error.value) == (
        "Invalid value for argument `content`. Expected at least 2 x 2 pixels. "
        f"Received: content={shape}"
    )


def test_something_else():
    with pytest.raises(ValueError) as error:
        rwkeras.as_batch(3)
    assert str(error.value) == (
        "Invalid value for argument `image`. Expected a path, a Pillow image, an array or a "
        "tensor. Received: image=<class 'int'>"
    )


def test_a_tensor_that_is_as_it_should_be_is_not_copied():
    images = tf.fill([1, 4, 5, 3], 0.5)
    assert rwkeras.as_batch(images).images is images
    one = rwkeras.as_batch(images[0])
    assert one.images.shape == (1, 4, 5, 3)
    assert not one.batched


def test_an_array_may_change_afterwards():
    image = np.full([4, 5, 3], 0.5, np.float32)
    batch = rwkeras.as_batch(image)
    image[:] = 0
    np.testing.assert_array_equal(batch.images, np.full([1, 4, 5, 3], 0.5))
