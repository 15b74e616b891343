"""Registry of input pictures, so that errors name the file at fault."""

import contextlib
import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from rwkeras.images.reading import fit_longer_side
from rwkeras.networks.features import SilentNetworkError
from rwkeras.validation import InvalidArgumentError, invalid_argument


class _Given(NamedTuple):
    """An input image with its file.

    Attributes:
        flag: Name of the flag with the path.
        path: Path of the file.
        size: Original (height, width) in pixels.
        fitted: (height, width) after resampling.
        plain: Whether all pixels have the same colour.
    """

    flag: str
    path: str
    size: tuple[int, int]
    fitted: tuple[int, int]
    plain: bool

    def __str__(self):
        text = f"{self.path}, {_pixels(self.size)}"
        if self.fitted != self.size:
            text += f" that become {_pixels(self.fitted).removesuffix(' pixels')}"
        return text + (", all of one colour" if self.plain else "")


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]} pixels"


# Pictures read by the current run.
_GIVEN: dict[tuple[str, str], _Given] = {}


def forget_pictures() -> None:
    """Clears the registry, which an earlier run in this process may have filled."""
    _GIVEN.clear()


def fitted(
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
    given = _Given(flag, os.fspath(path), image.shape[:2], small.shape[:2], plain)
    _GIVEN[given.flag, given.path] = given
    if min(small.shape[:2]) < 2:
        expected = "a picture of at least 2 pixels a side"
        if longer_side:
            expected += f" where the longer one has {longer_side}"
        raise invalid_argument(flag, expected, str(given))
    return small


def mask(flag: str, path: str | os.PathLike[str], image: np.ndarray) -> np.ndarray:
    """Registers a mask and returns it unchanged.

    Errors may be about its size, but never about its colour: a mask may be uniform.

    Args:
        flag: Name of the flag with the path.
        path: Path of the file.
        image: [height, width, 3].
    """
    size = image.shape[:2]
    _GIVEN[flag, os.fspath(path)] = _Given(flag, os.fspath(path), size, size, plain=False)
    return image


@contextlib.contextmanager
def named_pictures(flag: str | None = None) -> Iterator[None]:
    """Adds the file to errors in the block that are about a picture's pixels or size.

    Args:
        flag: Flag of the picture to prefer if several match.
    """
    try:
        yield
    except InvalidArgumentError as error:
        given = _meant(error, flag)
        if given is None:
            raise
        expected = error.expected
        if isinstance(error, SilentNetworkError) and given.plain:
            expected = "a picture that is not of one colour, for this network"
        raise invalid_argument(given.flag, expected, str(given)) from error


def _meant(error: InvalidArgumentError, flag: str | None) -> _Given | None:
    """Returns the picture that an error is about, or None."""
    several = list(_GIVEN.values())
    own = [given for given in several if given.flag in (flag, error.name)]
    if isinstance(error, SilentNetworkError):
        candidates = [given for given in (*own, *several) if given.plain] or own or several
    elif error.name in ("image", "images", *(given.flag for given in several)):
        # The received value is a shape.
        shape = error.received if isinstance(error.received, tuple) else ()
        candidates = [given for given in (*own, *several) if given.fitted == shape[:2]]
    else:
        candidates = []
    return candidates[0] if candidates else None
