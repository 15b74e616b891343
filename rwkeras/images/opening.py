"""Opening of image files by Pillow, with limits on their size."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from rwkeras.validation import invalid_argument

# What the names of HEIF files end in: the photographs of many telephones.
HEIF_ENDINGS = (".heic", ".heif", ".hif")
# Where a file of the ISO base media format says of what kind it is, and the kinds of HEIF.
_BRAND = slice(4, 12)
_HEIF_BRANDS = tuple(
    b"ftyp" + brand
    for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
)


def existing_file(path: str | os.PathLike[str], name: str) -> Path:
    """Returns a path if there is a file of it, or raises `ValueError`.

    Args:
        path: The file.
        name: The argument, as the caller spells it.
    """
    try:
        found = os.path.isfile(path)
    except ValueError:  # Of a name with a zero in it.
        found = False
    if not found:
        raise invalid_argument(name, "the path of a file that exists", os.fspath(path))
    return Path(path)


def too_large(name: str, shown: str) -> ValueError:
    """Returns the error for a picture of more pixels than are allowed.

    Args:
        name: The argument, as the caller spells it.
        shown: What is said of the picture.
    """
    expected = (
        f"a picture of at most {Image.MAX_IMAGE_PIXELS} pixels, or --max_megapixels of more (in "
        "Python, `PIL.Image.MAX_IMAGE_PIXELS`)"
    )
    return invalid_argument(name, expected, shown)


def broken(path: Path, name: str, reason: object) -> ValueError:
    """Returns the error for a file that cannot be decoded.

    Args:
        path: The file.
        name: The argument, as the caller spells it.
        reason: What is wrong with it.
    """
    return invalid_argument(name, "a picture that is whole", f"{path} ({reason})")


def warn_of_frames(name: str, count: int) -> None:
    """Warns that of several pictures in a file only the first is taken.

    Args:
        name: The argument, as the caller spells it.
        count: How many there are; of one there is nothing to say.
    """
    if count > 1:
        message = f"`{name}` holds {count} pictures, as an animation does: the first is taken."
        warnings.warn(message, stacklevel=2)


@contextmanager
def _bounded() -> Iterator[None]:
    """Has Pillow refuse what has more pixels than allowed, of which it only warns up to a point."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def load(path: Path, name: str) -> Image.Image:
    """Returns a file's picture, its first, with the pixels loaded.

    Args:
        path: The file.
        name: The argument, as the caller spells it, for messages.

    Raises:
        ValueError: It is not a whole picture, or has more pixels than allowed.
    """
    if _is_heif(path):
        _register_heif(path, name)
    try:
        with _bounded(), Image.open(path) as image:
            count = getattr(image, "n_frames", 1)
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_large(name, f"{path} ({error})") from error
    except UnidentifiedImageError as error:
        expected = "a picture in a format that Pillow reads"
        raise invalid_argument(name, expected, str(path)) from error
    except Exception as error:  # Pillow's decoders raise many kinds on broken files.
        raise broken(path, name, error) from error
    warn_of_frames(name, count)
    return image


def _is_heif(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(_BRAND.stop)[_BRAND] in _HEIF_BRANDS


def _register_heif(path: Path, name: str) -> None:
    """Has Pillow read HEIF files, or raises `ValueError`."""
    try:
        import pillow_heif
    except ModuleNotFoundError as error:
        expected = "a picture in a format that Pillow reads; HEIC needs pip install 'rwkeras[heic]'"
        raise invalid_argument(name, expected, str(path)) from error
    pillow_heif.register_heif_opener()
