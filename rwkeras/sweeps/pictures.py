"""Reading and writing of pictures in a sweep's folder."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from rwkeras.images.outputs import Input, Output, check_no_overwrite
from rwkeras.images.reading import from_pillow
from rwkeras.images.writing import png
from rwkeras.sweeps.files import FileRef, put_file


def from_png(content: bytes) -> np.ndarray:
    """Returns the picture in a PNG file's bytes, float32 RGB in [0, 1], [height, width, 3]."""
    return from_pillow(Image.open(io.BytesIO(content)))


def _picture_path(name: str) -> str:
    """Returns the path of a picture by name, relative to a sweep's folder."""
    return os.path.join("images", f"{name}.png")


def put_picture(folder: str, name: str, picture: np.ndarray) -> FileRef:
    """Writes a picture as an 8-bit PNG below a sweep's folder and returns its reference."""
    return put_file(folder, _picture_path(name), png(picture))


def check_copies(folder: str, sources: Mapping[str, Path], argument: str) -> None:
    """Raises `ValueError` if a copy below a sweep's folder would overwrite a source picture.

    Args:
        folder: The sweep's folder.
        sources: Paths of the pictures to copy, by the names of their copies.
        argument: The argument that names the pictures, as the caller spells it.
    """
    copies = [Output("output_dir", Path(folder, _picture_path(name)), folder) for name in sources]
    check_no_overwrite(copies, [Input(argument, path) for path in sources.values()])


def read_picture(reference: FileRef, folder: str) -> np.ndarray:
    """Returns a picture from a sweep's folder, float32 RGB in [0, 1], [height, width, 3]."""
    return from_png(reference.read(folder))
