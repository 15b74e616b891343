"""Reading of images with more than 8 bits per channel, which Pillow truncates or refuses.

PNG is decoded by TensorFlow, TIFF by tifffile, HEIF by pillow-heif, and PPM is parsed here. Grey
16-bit images are left to Pillow, which reads them without loss.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from rwkeras.images.opening import broken, too_large, warn_of_frames
from rwkeras.images.orientation import ORIENTATION
from rwkeras.validation import invalid_argument

_PNG = b"\x89PNG\r\n\x1a\n"
# Offsets of bit depth and colour type in a PNG file; signatures of TIFF.
_PNG_BITS, _PNG_COLOURS = 24, 25
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Channels of each PNG colour type, and channels to decode if there is a colour key (tRNS).
_PNG_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_KEYED = {1: 2, 3: 4}
# TIFF: photometric interpretations (white is zero, black is zero, RGB), the tag of ICC profiles,
# and values of ExtraSamples for premultiplied and straight alpha.
_WHITE_IS_ZERO, _PHOTOMETRICS, _PROFILE = 0, (0, 1, 2), 34675
_ASSOCIATED, _UNASSOCIATED = 1, 2
_PPM_SPACE = rb"(?:\s|#[^\n]*\n)+"
_PPM = re.compile(rb"P([36])" + 3 * (_PPM_SPACE + rb"(\d+)") + rb"(?:#[^\n]*\n)?\s")


class Deep(NamedTuple):
    """An image as stored.

    Attributes:
        pixels: float32, [height, width, channels], in [0, 1], or the stored values of
            floating-point formats; the last of 2 or 4 channels is alpha.
        orientation: EXIF orientation.
        icc_profile: An ICC profile, or None.
        premultiplied: Whether the colours are multiplied by alpha.
    """

    pixels: np.ndarray
    orientation: int = 1
    icc_profile: bytes | None = None
    premultiplied: bool = False


def _in_range(values: np.ndarray, bits: int, name: str) -> np.ndarray:
    """Returns stored numbers as float32, unsigned integers scaled to [0, 1]."""
    if np.issubdtype(values.dtype, np.floating):
        return values.astype(np.float32)
    if not np.issubdtype(values.dtype, np.unsignedinteger):
        raise invalid_argument(name, "pixels of an unsigned or floating-point type", values.dtype)
    largest = 2**bits - 1
    if bits <= 16:
        return values.astype(np.float32) / np.float32(largest)
    return (values / largest).astype(np.float32)


def deep_pixels(path: Path, image: Image.Image, name: str) -> np.ndarray | None:
    """Returns the pixels of a file that Pillow truncates to 8 bits, as in `Deep`.

    Args:
        path: The file.
        image: The file as opened by Pillow.
        name: The argument, as the caller spells it, for messages.

    Returns:
        None if Pillow has lost nothing.
    """
    if image.format == "PNG":
        return _png(path, image, name)
    if image.format == "PPM":
        return _ppm(path, name)
    if image.format == "HEIF" and image.info.get("bit_depth", 8) > 8:
        import pillow_heif

        file = pillow_heif.open_heif(path, convert_hdr_to_8bit=False)
        values = np.asarray(file)
        return _in_range(values.reshape(*values.shape[:2], -1), 16, name)
    return None


def _png(path: Path, image: Image.Image, name: str) -> np.ndarray | None:
    content = path.read_bytes()
    if not content.startswith(_PNG) or content[_PNG_BITS] != 16:
        return None
    channels = _PNG_CHANNELS[content[_PNG_COLOURS]]
    if "transparency" in image.info:
        channels = _KEYED[channels]
    if channels == 1:
        return None
    import tensorflow as tf  # Takes seconds; most images do not need it.

    try:
        values = tf.io.decode_png(content, channels, tf.uint16).numpy()
    except tf.errors.OpError as error:
        raise broken(path, name, error.message) from error
    return _in_range(values, 16, name)


def _ppm(path: Path, name: str) -> np.ndarray | None:
    content = path.read_bytes()
    header = _PPM.match(content)
    if header is None or int(header[4]) < 256:
        return None
    width, height, largest = (int(header[group]) for group in (2, 3, 4))
    rest = content[header.end() :]
    if header[1] == b"6":
        values = np.frombuffer(rest, ">u2", width * height * 3)
    else:
        values = np.array(re.sub(rb"#[^\n]*", b"", rest).split()[: width * height * 3], np.uint32)
    if values.max() > largest:
        raise broken(path, name, f"a value above {largest}")
    return values.reshape(height, width, 3).astype(np.float32) / np.float32(largest)


def deep_tiff(path: Path, name: str) -> Deep | None:
    """Returns a TIFF file's image if Pillow would truncate or refuse it.

    Args:
        path: A file of any format.
        name: The argument, as the caller spells it, for messages.

    Returns:
        None for all other files.

    Raises:
        ValueError: The file cannot be read.
    """
    with open(path, "rb") as file:
        if file.read(4) not in _TIFF:
            return None
    import tifffile

    try:
        with tifffile.TiffFile(path) as opened:
            page = opened.pages.first
            if not _is_deep(page):
                return None
            limit = Image.MAX_IMAGE_PIXELS
            if limit is not None and page.imagewidth * page.imagelength > limit:
                raise too_large(name, f"{path} ({page.imagewidth} x {page.imagelength} pixels)")
            ends = np.add(page.dataoffsets, page.databytecounts)
            if not len(ends) or max(ends) > os.path.getsize(path):
                raise broken(path, name, "the file ends before its pixel data")
            deep = _of_page(page, name)
            warn_of_frames(name, len(opened.pages))
            return deep
    except tifffile.TiffFileError:
        return None  # Pillow reports the error.
    except ModuleNotFoundError as error:
        raise _uncompressed(path, name) from error
    except ValueError as error:
        if "imagecodecs" in str(error):
            raise _uncompressed(path, name) from error
        if str(error).startswith("Invalid value"):
            raise
        raise broken(path, name, error) from error
    except Exception as error:  # tifffile raises many kinds on broken files.
        raise broken(path, name, error) from error


def _uncompressed(path: Path, name: str) -> ValueError:
    expected = (
        "an uncompressed or deflate-compressed TIFF file; others need pip install 'rwkeras[tiff]'"
    )
    return invalid_argument(name, expected, str(path))


def _is_deep(page) -> bool:
    """Returns whether Pillow would truncate or refuse a TIFF page."""
    if page.dtype is None or page.dtype.itemsize < 2 or isinstance(page.bitspersample, tuple):
        return False
    if int(page.photometric) not in _PHOTOMETRICS:
        return False
    several = page.samplesperpixel > 1 or int(page.photometric) == _WHITE_IS_ZERO
    return several or page.dtype == np.float16


def _of_page(page, name: str) -> Deep:
    """Returns the image of a TIFF page."""
    stored = page.asarray(squeeze=False)[:, 0]  # [planes, height, width, samples per plane]
    values = np.moveaxis(stored, 0, 2).reshape(*stored.shape[1:3], -1)
    pixels = _in_range(values, page.bitspersample, name)
    colours = 3 if int(page.photometric) == 2 else 1
    if int(page.photometric) == _WHITE_IS_ZERO:
        pixels[..., :1] = 1 - pixels[..., :1]
    extra = int(page.extrasamples[0]) if page.extrasamples else 0
    alpha = extra in (_ASSOCIATED, _UNASSOCIATED)
    orientation, profile = page.tags.get(ORIENTATION), page.tags.get(_PROFILE)
    return Deep(
        pixels[..., : colours + alpha],
        1 if orientation is None else int(orientation.value),
        None if profile is None else bytes(profile.value),
        extra == _ASSOCIATED,
    )
