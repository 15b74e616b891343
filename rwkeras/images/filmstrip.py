"""Intermediate images of a run, laid out as one filmstrip."""

import math
from collections.abc import Callable, Iterable

import numpy as np

from rwkeras.images.reading import fit_longer_side, resize
from rwkeras.images.writing import to_uint8

# Maximum number of stages shown, and the ratio between iterations of recorded stages, geometric as
# the length of a run is not known in advance.
_STAGES = 7
_RATIO = math.sqrt(2)
# Maximum longer side of images on sheets, in pixels.
_SHEET_SIDE = 512


def thumbnail(image: np.ndarray) -> np.ndarray:
    """Returns an image scaled down for contact sheets, uint8 RGB, [height, width, 3].

    Args:
        image: float32 RGB in [0, 1], [height, width, 3].
    """
    return to_uint8(fit_longer_side(image, min(_SHEET_SIDE, max(image.shape[:2]))))


def select_spaced(iterations: Iterable[int], count: int) -> list[int]:
    """Selects the first, the last and some iterations between them, in order.

    Args:
        iterations: Distinct non-negative numbers.
        count: Maximum number to select, at least 3. From the second to the last, those nearest to
            a geometric series are selected.
    """
    first, *rest = sorted(iterations)
    if len(rest) < count:
        return [first, *rest]
    wanted = np.geomspace(rest[0], rest[-1], count - 1)
    found = {min(rest, key=lambda n: abs(math.log(n / target))) for target in wanted}
    return [first, *sorted(found)]


class Filmstrip:
    """Intermediate images of one run.

    Args:
        label: Prefix of the images' labels.
    """

    def __init__(self, label: str = ""):
        self._label = label
        self._stages: dict[int, np.ndarray] = {}
        self._iteration = 0

    def record(self, iteration: int, image: Callable[[], np.ndarray]) -> None:
        """Records a stage if it is due.

        Args:
            iteration: Current iteration.
            image: Returns the current image, float32 RGB in [0, 1], [height, width, 3].
        """
        self._iteration = iteration
        if not self._stages or iteration >= max(1, _RATIO * max(self._stages)):
            self._stages[iteration] = thumbnail(image())

    def frames(self, image: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """Returns labels and thumbnails of the stages, all of one size.

        Args:
            image: Final image, that of the iteration last passed to `record`.
        """
        last = thumbnail(image)
        stages = {**self._stages, self._iteration: last}
        height, width = last.shape[:2]
        return [
            (f"{self._label}iteration {iteration}", _of_size(stages[iteration], (width, height)))
            for iteration in select_spaced(stages, _STAGES)
        ]


def _of_size(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes uint8 pixels to (width, height)."""
    if image.shape[1::-1] == size:
        return image
    return to_uint8(resize(image / np.float32(255), size))
