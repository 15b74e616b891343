"""The images of an experiment, as squares of one size below its folder."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rwkeras.images.collection import picture_files
from rwkeras.images.reading import from_array, read_image, resize
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.pictures import put_picture
from rwkeras.validation import invalid_argument

# Of a photograph of stained tissue, a part that looks alike everywhere.
_TISSUE = np.s_[10:202, 40:232]


def _samples(kind: str) -> dict[str, np.ndarray]:
    """Returns photographs that come with scikit-image, uint8."""
    try:
        from skimage import data
    except ModuleNotFoundError as error:
        raise ValueError(
            f"Without --{kind} an experiment takes photographs of scikit-image: "
            "pip install 'rwkeras[experiments]'"
        ) from error
    if kind == "textures":
        tissue = data.immunohistochemistry()[_TISSUE]
        plain = {name: getattr(data, name)() for name in ("gravel", "brick", "grass")}
        return {"tissue": tissue, **plain}
    if kind == "styles":
        names = {"tissue": "immunohistochemistry", "galaxies": "hubble_deep_field"}
        return {name: getattr(data, function)() for name, function in names.items()}
    return {name: getattr(data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")}


def _read(paths: Sequence[str], kind: str) -> dict[str, np.ndarray]:
    """Returns pictures by the names of their files, those of folders among them."""
    files = []
    for path in paths:
        files += picture_files(path, kind) if os.path.isdir(path) else [Path(path)]
    names = [file.stem for file in files]
    if len(set(names)) < len(names):
        raise invalid_argument(kind, "files of different names", names)
    return {file.stem: read_image(file, kind) for file in files}


def square(picture: np.ndarray, size: int) -> np.ndarray:
    """Returns the middle of a picture, float32 RGB in [0, 1], [size, size, 3].

    Args:
        picture: float RGB in [0, 1], [height, width, 3].
        size: In pixels.
    """
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return resize(picture[top : top + side, left : left + side], (size, size))


def put_images(
    folder: str, kind: str, paths: Sequence[str], size: int, limit: int
) -> Mapping[str, FileRef]:
    """Writes the images of an experiment below its folder.

    Args:
        folder: The folder; any path that `tf.io.gfile` takes.
        kind: "images", "textures" or "styles".
        paths: Pictures and folders of pictures; none for photographs of scikit-image.
        size: The side to which they are cut and resampled, in pixels.
        limit: How many of them are taken.

    Returns:
        What refers to each, by its name.

    Raises:
        ValueError: One of them cannot be used.
    """
    if paths:
        pictures = _read(paths, kind)
    else:
        pictures = {name: from_array(image) for name, image in _samples(kind).items()}
    return {
        name: put_picture(folder, f"{kind}-{size}/{name}", square(picture, size))
        for name, picture in list(pictures.items())[:limit]
    }
