"""EXIF and TIFF orientation, applied to the pixels."""

import numpy as np

# The tag in EXIF and TIFF.
ORIENTATION = 0x0112


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Returns pixels as they are to be shown.

    Args:
        pixels: As they are stored, [height, width, ...].
        orientation: From 1 to 8, as EXIF has it; anything else leaves them as they are, as 1 does.

    Returns:
        A view of them; of 5 to 8, height and width have changed places.
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
