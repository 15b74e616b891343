"""The images of an experiment, as squares of one size below its folder."""

from collections.abc import Mapping, Sequence

import numpy as np

from rwkeras.images.collection import named_files
from rwkeras.images.photographs import SHOWN
from rwkeras.images.reading import from_array, read_image, square
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.pictures import check_copies, put_picture

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
    return {name: getattr(data, name)() for name in SHOWN}


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
        files = named_files(paths, kind)
        copies = {f"{kind}-{size}/{name}": file for name, file in files.items()}
        check_copies(folder, copies, kind)
        pictures = {name: read_image(file, kind) for name, file in files.items()}
    else:
        pictures = {name: from_array(image) for name, image in _samples(kind).items()}
    return {
        name: put_picture(folder, f"{kind}-{size}/{name}", square(picture, size))
        for name, picture in list(pictures.items())[:limit]
    }
