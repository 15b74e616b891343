"""EXIF and TIFF orientation, applied to the pixels."""

import numpy as np

# Tag number in EXIF and TIFF.
ORIENTATION = 0x0112


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Applies an EXIF orientation to pixels.

    Args:
        pixels: Pixels as stored, [height, width, ...].
        orientation: EXIF orientation, from 1 to 8; other values are treated as 1, upright.

    Returns:
        A view of the pixels; orientations 5 to 8 swap height and width.
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
