"""Output images of the tools: alpha, ICC profile, bit depth and file format."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rwkeras.images.alpha import resized_alpha, unblend_white
from rwkeras.images.reading import Picture
from rwkeras.images.writing import (
    FileSettings,
    contact_sheet,
    holds_icc_profile,
    write_image,
)

# Postprocessing of a picture, float32 RGB in [0, 1], [height, width, 3].
Finish = Callable[[np.ndarray], np.ndarray]

_DEFAULTS = FileSettings()


def identity(image: np.ndarray) -> np.ndarray:
    """Returns a picture unchanged."""
    return image


class Pictures:
    """Writes the pictures of a run: the result, previews and sheets.

    Args:
        settings: File settings.
        source: The picture whose alpha channel and ICC profile the outputs get, or None.
        finish: Postprocessing of pictures.
    """

    def __init__(
        self,
        settings: FileSettings = _DEFAULTS,
        source: Picture | None = None,
        finish: Finish = identity,
    ):
        self._settings = settings
        self._alpha = None if source is None else source.alpha
        self._profile = None if source is None else source.icc_profile
        self._finish = finish

    def postprocess(self, image: np.ndarray) -> np.ndarray:
        """Returns a postprocessed picture, float32 RGB in [0, 1], [height, width, 3].

        Args:
            image: The optimised picture; clipped to [0, 1] first.
        """
        return self._finish(np.clip(image, 0, 1))

    def write(self, path: Path, image: np.ndarray) -> None:
        """Writes a picture with the source's alpha channel and ICC profile.

        Args:
            path: Output path.
            image: Picture from `postprocess`, composited over white.
        """
        alpha = None if self._alpha is None else resized_alpha(self._alpha, image.shape[:2])
        if alpha is not None:
            image = unblend_white(image, alpha)
        write_image(path, image, alpha=alpha, icc_profile=self._profile, settings=self._settings)

    def write_sheet(self, path: Path, rows: list[list[tuple[str, np.ndarray]]]) -> None:
        """Writes a contact sheet with 8 bits per channel; see `contact_sheet`.

        Args:
            path: Output path.
            rows: Label and `thumbnail` of each picture, by row.
        """
        shown = [[(label, image / np.float32(255)) for label, image in row] for row in rows]
        profile = self._profile if holds_icc_profile(path) else None
        settings = dataclasses.replace(self._settings, bits=8)
        write_image(path, contact_sheet(shown), icc_profile=profile, settings=settings)
