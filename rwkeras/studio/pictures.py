"""Uploaded pictures: full decoding as a check, and JPEG previews that any browser shows."""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rwkeras.images.deep import deep_tiff
from rwkeras.images.opening import load
from rwkeras.images.reading import fit_longer_side, from_array, from_pillow
from rwkeras.images.writing import FileSettings, write_image

# Longer side of previews, in pixels.
PREVIEW_SIDE = 640
_JPEG_SETTINGS = FileSettings(jpeg_quality=88)


def file_bytes(
    extension: str, write: Callable[..., None], *arguments: Any, **options: Any
) -> bytes:
    """Returns the bytes that a function writes to an image file.

    Args:
        extension: File name extension, which selects the format, such as ".png".
        write: Function that writes the file; called with its path, `arguments` and `options`.
        *arguments: Positional arguments of `write`.
        **options: Keyword arguments of `write`.
    """
    with tempfile.TemporaryDirectory(prefix=".rwkeras-") as folder:
        path = Path(folder) / f"picture{extension}"
        write(path, *arguments, **options)
        return path.read_bytes()


def write_preview(path: Path, image: np.ndarray, side: int = PREVIEW_SIDE) -> None:
    """Writes a JPEG preview of a picture.

    Args:
        path: Output path, ending in .jpg.
        image: float32 RGB in [0, 1], [height, width, 3].
        side: Maximum longer side in pixels; smaller pictures are not enlarged.
    """
    preview = fit_longer_side(image, min(side, max(image.shape[:2])))
    write_image(path, preview, settings=_JPEG_SETTINGS)


def write_preview_of_file(path: Path, preview_path: Path, name: str) -> None:
    """Decodes an image file completely and writes its preview.

    Args:
        path: The image file.
        preview_path: Output path of the preview, ending in .jpg.
        name: The user's name of the file, for error messages.

    Raises:
        ValueError: The file is not an image, is truncated, has too many pixels, or is smaller than
            2 x 2 pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # About alpha channels and animations.
            deep_image = deep_tiff(path, "picture")
            if deep_image is None:
                image = from_pillow(load(path, "picture"), "picture")
            else:
                image = from_array(np.ascontiguousarray(np.clip(deep_image.pixels[..., :3], 0, 1)))
    except ValueError as error:
        raise ValueError(str(error).replace(str(path), name)) from error
    if min(image.shape[:2]) < 2:
        description = f"{name} ({image.shape[1]} x {image.shape[0]} pixels)"
        raise ValueError(f"A picture must have at least 2 x 2 pixels, not {description}")
    write_preview(preview_path, image)
