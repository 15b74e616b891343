"""Opening of image files with Pillow, with a limit on their pixels."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from rwkeras.validation import invalid_argument

# Extensions of HEIF files, the photographs of many phones.
_HEIF_ENDINGS = (".heic", ".heif", ".hif")
# Position of the brand in files of the ISO base media format, and the brands of HEIF.
_BRAND = slice(4, 12)
_HEIF_BRANDS = tuple(
    b"ftyp" + brand
    for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
)


def existing_file(path: str | os.PathLike[str], name: str) -> Path:
    """Returns the path of an existing file, or raises `ValueError`.

    Args:
        path: The file.
        name: The argument, as the caller spells it.
    """
    try:
        found = os.path.isfile(path)
    except ValueError:  # The name contains a null character.
        found = False
    if not found:
        raise invalid_argument(name, "the path of an existing file", os.fspath(path))
    return Path(path)


def too_large(name: str, shown: str) -> ValueError:
    """Returns the error for an image of more pixels than allowed.

    Args:
        name: The argument, as the caller spells it.
        shown: Description of the image.
    """
    expected = (
        f"a picture of at most {Image.MAX_IMAGE_PIXELS} pixels, unless --max_megapixels is larger "
        "(in Python, `PIL.Image.MAX_IMAGE_PIXELS`)"
    )
    return invalid_argument(name, expected, shown)


def broken(path: Path, name: str, reason: object) -> ValueError:
    """Returns the error for a file that cannot be decoded.

    Args:
        path: The file.
        name: The argument, as the caller spells it.
        reason: What is wrong with it.
    """
    return invalid_argument(name, "an intact picture", f"{path} ({reason})")


def warn_of_frames(name: str, count: int) -> None:
    """Warns if a file holds several images, of which only the first is used.

    Args:
        name: The argument, as the caller spells it.
        count: Number of images in the file.
    """
    if count > 1:
        message = (
            f"`{name}` contains {count} pictures, such as an animation: only the first is used."
        )
        warnings.warn(message, stacklevel=2)


@contextmanager
def _bounded() -> Iterator[None]:
    """Turns Pillow's warning about images of more pixels than allowed into an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def load(path: Path, name: str) -> Image.Image:
    """Returns the first image of a file, with its pixels loaded.

    Args:
        path: The file.
        name: The argument, as the caller spells it, for messages.

    Raises:
        ValueError: The file is not a complete image, or has more pixels than allowed.
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
        expected = "a picture in a format that Pillow supports"
        raise invalid_argument(name, expected, str(path)) from error
    except Exception as error:  # Pillow's decoders raise many kinds on broken files.
        raise broken(path, name, error) from error
    warn_of_frames(name, count)
    return image


def _is_heif(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(_BRAND.stop)[_BRAND] in _HEIF_BRANDS


def _register_heif(path: Path, name: str) -> None:
    """Registers pillow-heif with Pillow; raises `ValueError` if it is not installed."""
    try:
        import pillow_heif
    except ModuleNotFoundError as error:
        expected = (
            "a picture in a format that Pillow supports; HEIC needs pip install 'rwkeras[heic]'"
        )
        raise invalid_argument(name, expected, str(path)) from error
    pillow_heif.register_heif_opener()
