"""Initial images of optimisations."""

import os
import warnings
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from rwkeras.decoders.decnn import load_decoder
from rwkeras.decoders.decode import decode
from rwkeras.images.batch import as_batch
from rwkeras.validation import invalid_argument, suggestion

# Name of the default initial image.
NOISE = "noise"


def as_start(init: Any, content: tf.Tensor, names: Sequence[str] = ()) -> tf.Tensor:
    """Returns the initial images given by the user.

    Args:
        init: The path of a decoder's `.keras` file, which is applied to the content, or an image in
            any form that `as_batch` accepts.
        content: float32 RGB in [0, 1], [batch, height, width, 3].
        names: Names that the task accepts instead, for error messages.

    Returns:
        float32 RGB in [0, 1], [batch, height, width, 3], of any size.

    Raises:
        ValueError: `init` is neither, or the number of images is neither 1 nor that of the content.
    """
    if isinstance(init, str | os.PathLike):
        path = os.fspath(init)
        if not os.path.isfile(path):
            known = "".join(f"'{name}', " for name in names) + "or " * bool(names)
            expected = f"{known}the path of an existing picture or of a decoder's .keras file"
            raise invalid_argument("init", expected + suggestion(init, names), path)
        if path.endswith(".keras"):
            return tf.constant(decode(load_decoder(init, "init"), content))
    images = as_batch(init, "init").images
    batch = content.shape[0]
    if images.shape[0] not in (1, batch):
        raise invalid_argument(
            "init", f"one image or a batch of {batch}", f"{images.shape[0]} images"
        )
    return tf.repeat(images, batch, axis=0) if images.shape[0] < batch else images


def warn_of_stretching(start: tf.Tensor, content: tf.Tensor) -> None:
    """Warns if start and content, [batch, height, width, 3], differ in aspect ratio."""
    size, whole = start.shape[1:3], content.shape[1:3]
    if not proportional(size, whole):
        warnings.warn(
            f"`init` is stretched from {size[1]} x {size[0]} pixels to the aspect ratio of "
            f"{whole[1]} x {whole[0]}",
            stacklevel=3,
        )


def proportional(size: Sequence[int], other: Sequence[int]) -> bool:
    """Returns whether two sizes, [height, width], have the same aspect ratio up to rounding."""
    return _within_rounding(size, other) or _within_rounding(other, size)


def _within_rounding(size: Sequence[int], whole: Sequence[int]) -> bool:
    """Returns whether `whole` times some scale is within less than a pixel of `size`."""
    scales = [
        ((side - 1) / length, (side + 1) / length) for side, length in zip(size, whole, strict=True)
    ]
    return max(low for low, _ in scales) < min(high for _, high in scales)
