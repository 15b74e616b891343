"""Pictures that are dropped: checked whole, with a small view that any browser shows."""

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

# The longer side of small views, in pixels.
VIEW_SIDE = 640
_QUALITY = FileSettings(jpeg_quality=88)


def file_bytes(ending: str, write: Callable[..., None], *arguments: Any, **options: Any) -> bytes:
    """Returns the bytes of a picture's file.

    Args:
        ending: Of the file's name, which says its format: ".png".
        write: Writes the file, given its path and what follows.
        *arguments: For `write`.
        **options: For `write`.
    """
    with tempfile.TemporaryDirectory(prefix=".rwkeras-") as folder:
        path = Path(folder) / f"picture{ending}"
        write(path, *arguments, **options)
        return path.read_bytes()


def write_view(path: Path, image: np.ndarray, side: int = VIEW_SIDE) -> None:
    """Writes a small view of a picture, a JPEG file.

    Args:
        path: A name that ends in .jpg.
        image: float32 RGB in [0, 1], [height, width, 3].
        side: Its longer side at most, in pixels.
    """
    small = fit_longer_side(image, min(side, max(image.shape[:2])))
    write_image(path, small, settings=_QUALITY)


def view_of_file(path: Path, view: Path, name: str) -> None:
    """Writes the small view of a picture's file, all of which is decoded for it.

    Args:
        path: The file.
        view: Where the view goes, a name that ends in .jpg.
        name: What the person calls the file, for messages.

    Raises:
        ValueError: It is no picture, not whole, or of more pixels than allowed; the message has
            the person's name of it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Of alpha channels and animations.
            deep = deep_tiff(path, "picture")
            if deep is None:
                image = from_pillow(load(path, "picture"), "picture")
            else:
                image = from_array(np.ascontiguousarray(np.clip(deep.pixels[..., :3], 0, 1)))
    except ValueError as error:
        raise ValueError(str(error).replace(str(path), name)) from error
    if min(image.shape[:2]) < 2:
        shown = f"{name} ({image.shape[1]} x {image.shape[0]} pixels)"
        raise ValueError(f"A picture has at least 2 x 2 pixels, not {shown}")
    write_view(view, image)
