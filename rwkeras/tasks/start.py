"""Initial images of the optimisations."""

import os
import warnings
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from rwkeras.decoders.decnn import load_decoder
from rwkeras.decoders.decode import decode
from rwkeras.images.batch import as_batch
from rwkeras.validation import invalid_argument, suggestion

# What starts from nothing else start from.
NOISE = "noise"


def as_start(init: Any, content: tf.Tensor, names: Sequence[str] = ()) -> tf.Tensor:
    """Returns the images that a user asks to start from.

    Args:
        init: The path of a decoder's `.keras` file, which decodes the content, or whatever
            `as_batch` takes.
        content: float32 RGB in [0, 1], [batch, height, width, 3].
        names: What else the task starts from, by name, for messages.

    Returns:
        float32 RGB in [0, 1], [batch, height, width, 3], of any size.

    Raises:
        ValueError: It is neither, or there are not as many images as of the content, nor one.
    """
    if isinstance(init, str | os.PathLike):
        path = os.fspath(init)
        if not os.path.isfile(path):
            known = "".join(f"'{name}', " for name in names) + "or " * bool(names)
            expected = f"{known}the path of a picture or of a decoder's .keras file, that exists"
            raise invalid_argument("init", expected + suggestion(init, names), path)
        if path.endswith(".keras"):
            return tf.constant(decode(load_decoder(init, "init"), content))
    images = as_batch(init, "init").images
    batch = content.shape[0]
    if images.shape[0] not in (1, batch):
        raise invalid_argument("init", f"one image or {batch}", f"{images.shape[0]} images")
    return tf.repeat(images, batch, axis=0) if images.shape[0] < batch else images


def warn_of_stretching(start: tf.Tensor, content: tf.Tensor) -> None:
    """Warns of a start that is not of the content's proportions, [batch, height, width, 3]."""
    size, whole = start.shape[1:3], content.shape[1:3]
    if not proportional(size, whole):
        warnings.warn(
            f"`init` is stretched from {size[1]} x {size[0]} pixels to the proportions of "
            f"{whole[1]} x {whole[0]}",
            stacklevel=3,
        )


def proportional(size: Sequence[int], other: Sequence[int]) -> bool:
    """Returns whether pictures, [height, width], differ by a scale and rounding alone."""
    return _scaled_alike(size, other) or _scaled_alike(other, size)


def _scaled_alike(size: Sequence[int], whole: Sequence[int]) -> bool:
    """Returns whether there is a scale of a whole whose sides are less than a pixel from these."""
    scales = [
        ((side - 1) / length, (side + 1) / length) for side, length in zip(size, whole, strict=True)
    ]
    return max(low for low, _ in scales) < min(high for _, high in scales)
