"""Images of an experiment, stored in its folder as squares of equal size."""

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
    """Writes the images that claims are tested on to an experiment's folder.

    Args:
        folder: The folder; any path that `tf.io.gfile` takes.
        kind: "images", "textures" or "styles".
        paths: Pictures and folders of pictures; empty for `TEST` or `TEST_TEXTURES`.
        size: The side of the squares to which they are cropped and resampled, in pixels.
        limit: The maximum number of images.

    Returns:
        References to the images by name.

    Raises:
        ValueError: An image cannot be read, or would be overwritten.
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
    """Writes photographs to an experiment's folder, as squares.

    Args:
        folder: The folder.
        names: See `photograph`.
        size: The side of the squares, in pixels.

    Returns:
        References to the photographs by name.
    """
    return {
        name: put_picture(folder, f"photographs-{size}/{name}", square(photograph(name), size))
        for name in names
    }
