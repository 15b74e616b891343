"""Intermediate images of a run, laid out as one filmstrip."""

import math
from collections.abc import Callable, Iterable

import numpy as np

from rwkeras.images.reading import fit_longer_side, resize
from rwkeras.images.writing import to_uint8

# How many stages are shown at most, and by what factor iterations grow between those that are kept:
# when a run will end is not known until it does.
_STAGES = 7
_RATIO = math.sqrt(2)
# The longer side of pictures on sheets, at most.
_SHEET_SIDE = 512


def thumbnail(image: np.ndarray) -> np.ndarray:
    """Returns a picture at a size for sheets, uint8 RGB, [height, width, 3].

    Args:
        image: float32 RGB in [0, 1], [height, width, 3].
    """
    return to_uint8(fit_longer_side(image, min(_SHEET_SIDE, max(image.shape[:2]))))


def spaced(iterations: Iterable[int], count: int) -> list[int]:
    """Returns the first, the last and some of the iterations between them, in order.

    Args:
        iterations: Different numbers of at least 0, of which only the least may be 0.
        count: How many at most, at least 3. From the second to the last, they are those that are
            nearest to a geometric series.
    """
    first, *rest = sorted(iterations)
    if len(rest) < count:
        return [first, *rest]
    wanted = np.geomspace(rest[0], rest[-1], count - 1)
    found = {min(rest, key=lambda n: abs(math.log(n / target))) for target in wanted}
    return [first, *sorted(found)]


class Filmstrip:
    """The stages of one run.

    Args:
        label: What the labels of its pictures begin with.
    """

    def __init__(self, label: str = ""):
        self._label = label
        self._stages: dict[int, np.ndarray] = {}
        self._iteration = 0

    def see(self, iteration: int, image: Callable[[], np.ndarray]) -> None:
        """Keeps a stage, if it is time to.

        Args:
            iteration: Where the run stands.
            image: Returns its picture, float32 RGB in [0, 1], [height, width, 3].
        """
        self._iteration = iteration
        if not self._stages or iteration >= max(1, _RATIO * max(self._stages)):
            self._stages[iteration] = thumbnail(image())

    def end(self, image: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """Returns labels and `thumbnail`s of the stages, all of one size.

        Args:
            image: Where the run ended, which it did when it was last seen.
        """
        last = thumbnail(image)
        stages = {**self._stages, self._iteration: last}
        height, width = last.shape[:2]
        return [
            (f"{self._label}iteration {iteration}", _of_size(stages[iteration], (width, height)))
            for iteration in spaced(stages, _STAGES)
        ]


def _of_size(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns uint8 pixels at a width and height."""
    if image.shape[1::-1] == size:
        return image
    return to_uint8(resize(image / np.float32(255), size))
