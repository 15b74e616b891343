"""Pictures to start from."""

import os
from typing import Any

import tensorflow as tf

from rwkeras.decoders.decnn import load_decoder
from rwkeras.decoders.decode import decode
from rwkeras.images.batch import as_batch
from rwkeras.tasks.settings import INITS
from rwkeras.validation import invalid_argument, suggestion


def as_start(init: Any, content: tf.Tensor) -> tf.Tensor:
    """Returns the images that a user asks to start from.

    Args:
        init: The path of a decoder's `.keras` file, which decodes the content, or whatever
            `as_batch` takes.
        content: float32 RGB in [0, 1], [batch, height, width, 3].

    Returns:
        float32 RGB in [0, 1], [batch, height, width, 3], of any size.

    Raises:
        ValueError: It is neither, or there are not as many images as of the content, nor one.
    """
    if isinstance(init, str | os.PathLike):
        path = os.fspath(init)
        if not os.path.isfile(path):
            names = ", ".join(f"'{name}'" for name in INITS)
            where = "or the path of a picture or of a decoder's .keras file, that exists"
            raise invalid_argument("init", f"{names}, {where}{suggestion(init, INITS)}", path)
        if path.endswith(".keras"):
            return tf.constant(decode(load_decoder(init, "init"), content))
    images = as_batch(init, "init").images
    batch = content.shape[0]
    if images.shape[0] not in (1, batch):
        raise invalid_argument("init", f"one image or {batch}", f"{images.shape[0]} images")
    return tf.repeat(images, batch, axis=0) if images.shape[0] < batch else images
