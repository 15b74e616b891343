"""Pictures to files."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from rwkeras.images.files import check_output, whole_file
from rwkeras.validation import invalid_argument

_FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95},
    ".jpeg": {"format": "JPEG", "quality": 95},
    ".webp": {"format": "WEBP", "lossless": True},
    ".tif": {"format": "TIFF"},
    ".tiff": {"format": "TIFF"},
    ".bmp": {"format": "BMP"},
}


def check_image_output(path: str | os.PathLike[str], name: str = "output") -> Path:
    """Returns a path that a picture can be written to, or raises `ValueError`."""
    path = check_output(path, name)
    if path.suffix.lower() not in _FORMATS:
        raise invalid_argument(name, f"a file name that ends in {', '.join(_FORMATS)}", str(path))
    return path


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Returns float pixels in [0, 1] as uint8 in [0, 255], rounded; what is outside is clipped."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def write_image(path: str | os.PathLike[str], image: np.ndarray) -> None:
    """Writes a picture, whole or not at all.

    Args:
        path: A file name whose ending says the format.
        image: float RGB in [0, 1], [height, width, 3].

    Raises:
        ValueError: The file cannot be written or its ending is unknown.
    """
    path = check_image_output(path)
    with whole_file(path) as temporary:
        Image.fromarray(to_uint8(image)).save(temporary, **_FORMATS[path.suffix.lower()])


def contact_sheet(rows: list[list[tuple[str, np.ndarray]]], *, margin: int = 8) -> np.ndarray:
    """Lays labelled pictures out on a white sheet.

    Args:
        rows: (label, float RGB in [0, 1], [height, width, 3]) of each picture, by row.
        margin: The space around pictures, in pixels.

    Returns:
        float32 RGB in [0, 1], [height, width, 3].
    """
    caption = 14
    heights = [max(image.shape[0] for _, image in row) + caption + margin for row in rows]
    widths = [sum(image.shape[1] + margin for _, image in row) for row in rows]
    sheet = Image.new("RGB", (max(widths) + margin, sum(heights) + margin), "white")
    draw = ImageDraw.Draw(sheet)
    top = margin
    for row, height in zip(rows, heights, strict=True):
        left = margin
        for label, image in row:
            draw.text((left, top), label, fill="black")
            sheet.paste(Image.fromarray(to_uint8(image)), (left, top + caption))
            left += image.shape[1] + margin
        top += height
    return np.asarray(sheet, np.float32) / 255
