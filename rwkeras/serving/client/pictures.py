"""Encoding of images as PNG and JPEG files, the inputs of served models."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rwkeras.images.reading import from_array, from_pillow, read_image
from rwkeras.images.writing import png
from rwkeras.validation import invalid_argument

Picture = str | os.PathLike[str] | bytes | np.ndarray | Image.Image

_ORIENTATION = 0x0112


def encoded(pictures: Picture | Sequence[Picture], name: str) -> list[bytes]:
    """Returns pictures as the bytes of PNG or JPEG files.

    Bytes are sent unchanged. So are PNG and JPEG files, unless they have an alpha channel, a
    palette or an EXIF orientation, which decoders treat differently; these and files of other
    formats are read by `read_image` and encoded as PNG.

    Args:
        pictures: One or several; see `Client`. An array may be a batch.
        name: The argument, as the caller spells it.

    Raises:
        ValueError: A picture is invalid.
    """
    several: list[Any] = [pictures]
    if isinstance(pictures, list | tuple) or (
        isinstance(pictures, np.ndarray) and pictures.ndim == 4
    ):
        several = list(pictures)
    if not several:
        raise invalid_argument(name, "at least one picture", "none")
    return [_encoded(picture, name) for picture in several]


def _encoded(picture: Any, name: str) -> bytes:
    match picture:
        case bytes():
            return picture
        case str() | os.PathLike():
            if _is_plain(picture):
                return Path(picture).read_bytes()
            return png(read_image(picture, name))
        case np.ndarray():
            return png(from_array(picture, name))
        case Image.Image():
            return png(from_pillow(picture, name))
    expected = "a path, the bytes of a file, an array, a Pillow image, or a list of these"
    raise invalid_argument(name, expected, type(picture).__name__)


def _is_plain(path: str | os.PathLike[str]) -> bool:
    """Returns whether all decoders give the same pixels for a file."""
    try:
        with Image.open(path) as image:
            return (
                image.format in ("PNG", "JPEG")
                and image.mode in ("RGB", "L")
                and "transparency" not in image.info
                and image.getexif().get(_ORIENTATION, 1) == 1
            )
    except Exception:  # `read_image` reports the error.
        return False
