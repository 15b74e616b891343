"""Registry of input pictures, so that errors name the file at fault."""

import contextlib
import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from rwkeras.images.reading import fit_longer_side
from rwkeras.networks.features import SilentNetworkError
from rwkeras.validation import InvalidArgumentError, invalid_argument


class _InputPicture(NamedTuple):
    """An input image with its file.

    Attributes:
        flag: Name of the flag with the path.
        path: Path of the file.
        size: Original (height, width) in pixels.
        resampled_size: (height, width) after resampling.
        plain: Whether all pixels have the same colour.
    """

    flag: str
    path: str
    size: tuple[int, int]
    resampled_size: tuple[int, int]
    plain: bool

    def __str__(self):
        text = f"{self.path}, {_pixels(self.size)}"
        if self.resampled_size != self.size:
            text += f" resampled to {_pixels(self.resampled_size).removesuffix(' pixels')}"
        return text + (", of a single colour" if self.plain else "")


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]} pixels"


# Pictures read by the current run.
_REGISTRY: dict[tuple[str, str], _InputPicture] = {}


def clear_pictures() -> None:
    """Clears the registry, which an earlier run in this process may have filled."""
    _REGISTRY.clear()


def fit_picture(
    flag: str, path: str | os.PathLike[str], image: np.ndarray, longer_side: int
) -> np.ndarray:
    """Resamples a picture and registers it.

    Args:
        flag: Name of the flag with the path.
        path: Path of the file.
        image: float32 RGB in [0, 1], [height, width, 3].
        longer_side: See `fit_longer_side`.

    Raises:
        ValueError: A side of the result is shorter than 2 pixels, or `longer_side` is invalid.
    """
    small = fit_longer_side(image, longer_side)
    plain = bool(np.all(image == image[:1, :1]))
    picture = _InputPicture(flag, os.fspath(path), image.shape[:2], small.shape[:2], plain)
    _REGISTRY[picture.flag, picture.path] = picture
    if min(small.shape[:2]) < 2:
        expected = "a picture with sides of at least 2 pixels"
        if longer_side:
            expected += f" if the longer one has {longer_side}"
        raise invalid_argument(flag, expected, str(picture))
    return small


def register_mask(flag: str, path: str | os.PathLike[str], image: np.ndarray) -> np.ndarray:
    """Registers a mask and returns it unchanged.

    Errors may be about its size, but never about its colour: a mask may be uniform.

    Args:
        flag: Name of the flag with the path.
        path: Path of the file.
        image: [height, width, 3].
    """
    size = image.shape[:2]
    _REGISTRY[flag, os.fspath(path)] = _InputPicture(flag, os.fspath(path), size, size, plain=False)
    return image


@contextlib.contextmanager
def name_picture_in_errors(flag: str | None = None) -> Iterator[None]:
    """Adds the file to errors in the block that are about a picture's pixels or size.

    Args:
        flag: Flag of the picture to prefer if several match.
    """
    try:
        yield
    except InvalidArgumentError as error:
        picture = _picture_at_fault(error, flag)
        if picture is None:
            raise
        expected = error.expected
        if isinstance(error, SilentNetworkError) and picture.plain:
            expected = "a picture of more than one colour, for this network"
        raise invalid_argument(picture.flag, expected, str(picture)) from error


def _picture_at_fault(error: InvalidArgumentError, flag: str | None) -> _InputPicture | None:
    """Returns the picture that an error is about, or None."""
    several = list(_REGISTRY.values())
    own = [picture for picture in several if picture.flag in (flag, error.name)]
    if isinstance(error, SilentNetworkError):
        candidates = [picture for picture in (*own, *several) if picture.plain] or own or several
    elif error.name in ("image", "images", *(picture.flag for picture in several)):
        # The received value is a shape.
        shape = error.received if isinstance(error.received, tuple) else ()
        candidates = [
            picture for picture in (*own, *several) if picture.resampled_size == shape[:2]
        ]
    else:
        candidates = []
    return candidates[0] if candidates else None
