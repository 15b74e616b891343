"""The images of an experiment, as squares of one size below its folder."""

from collections.abc import Iterable, Mapping, Sequence

from rwkeras.experiments.photographs import TEST, TEST_TEXTURES, photograph
from rwkeras.images.collection import named_files
from rwkeras.images.reading import read_image, square
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.pictures import check_copies, put_picture

_DEFAULTS: Mapping[str, Sequence[str]] = {
    "images": TEST,
    "textures": tuple(TEST_TEXTURES),
    "styles": tuple(TEST_TEXTURES),
}


def put_images(
    folder: str, kind: str, paths: Sequence[str], size: int, limit: int
) -> Mapping[str, FileRef]:
    """Writes the images that claims are tested on below an experiment's folder.

    Args:
        folder: The folder; any path that `tf.io.gfile` takes.
        kind: "images", "textures" or "styles".
        paths: Pictures and folders of pictures; none for photographs of `TEST`.
        size: The side to which they are cut and resampled, in pixels.
        limit: How many of them are taken.

    Returns:
        What refers to each, by its name.

    Raises:
        ValueError: One of them cannot be used.
    """
    if not paths:
        return put_photographs(folder, _DEFAULTS[kind][:limit], size)
    files = dict(list(named_files(paths, kind).items())[:limit])
    copies = {f"{kind}-{size}/{name}": file for name, file in files.items()}
    check_copies(folder, copies, kind)
    return {
        name: put_picture(folder, f"{kind}-{size}/{name}", square(read_image(file, kind), size))
        for name, file in files.items()
    }


def put_photographs(folder: str, names: Iterable[str], size: int) -> Mapping[str, FileRef]:
    """Writes photographs by name below an experiment's folder, as squares.

    Args:
        folder: The folder.
        names: See `photograph`.
        size: The side, in pixels.

    Returns:
        What refers to each, by its name.
    """
    return {
        name: put_picture(folder, f"photographs-{size}/{name}", square(photograph(name), size))
        for name in names
    }
