"""Conversion of paths, Pillow images, arrays and tensors to one batch of images."""

import os
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image

from rwkeras.images.reading import from_array, from_pillow, read_image
from rwkeras.validation import invalid_argument


class ImageBatch(NamedTuple):
    """A batch of images, as the tasks take them.

    Attributes:
        images: float32 RGB in [0, 1], [batch, height, width, 3].
        batched: Whether the input had a batch dimension.
    """

    images: tf.Tensor
    batched: bool


def as_batch(image: Any, name: str = "image") -> ImageBatch:
    """Converts any supported kind of image to a batch.

    Args:
        image: The path of a file, a Pillow image, or an array or tensor: uint8 in [0, 255] or
            float in [0, 1], [height, width], [height, width, channels] or [batch, height, width,
            channels].
        name: The argument, as the caller spells it, for messages.

    Returns:
        An `ImageBatch`.

    Raises:
        ValueError: `image` is none of these, is not finite, or has a side of less than 2 pixels.
    """
    if tf.is_symbolic_tensor(image):
        expected = "an image with known pixels, not a symbolic tensor of a graph"
        raise invalid_argument(name, expected, f"a symbolic tensor of shape {tuple(image.shape)}")
    if isinstance(image, str | os.PathLike):
        pixels = read_image(image, name)
    elif isinstance(image, Image.Image):
        pixels = from_pillow(image, name)
    elif isinstance(image, np.ndarray | tf.Tensor | tf.Variable):
        pixels = from_array(np.asarray(image), name)
    else:
        raise invalid_argument(name, "a path, a Pillow image, an array or a tensor", type(image))
    batched = pixels.ndim == 4
    images = pixels if batched else pixels[np.newaxis]
    if min(images.shape[:3]) < 1 or min(images.shape[1:3]) < 2:
        raise invalid_argument(name, "at least 2 x 2 pixels", tuple(pixels.shape))
    if isinstance(image, tf.Tensor) and image.dtype == tf.float32 and image.shape[-1] == 3:
        # Returned itself, so that memory holds a large tensor once.
        return ImageBatch(image if batched else image[tf.newaxis], batched)
    return ImageBatch(tf.constant(images), batched)
