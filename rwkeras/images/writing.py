"""Encoding of images to files."""

import functools
import io
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from rwkeras.images.comments import check_comment, comment_options
from rwkeras.images.deep_writing import png16, tiff16, to_uint16
from rwkeras.images.files import check_output, whole_file
from rwkeras.settings import Settings, setting
from rwkeras.validation import invalid_argument


class _Format(NamedTuple):
    """A file format: its name in Pillow and the features it supports."""

    name: str
    alpha: bool = True
    icc_profile: bool = True
    # Encodes uint16 pixels, a profile and a comment; None for formats without 16-bit channels.
    sixteen: Callable[[np.ndarray, bytes | None, str | None], bytes] | None = None


_JPEG, _TIFF = _Format("JPEG", alpha=False), _Format("TIFF", sixteen=tiff16)
_FORMATS = {
    ".png": _Format("PNG", sixteen=png16),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": _Format("WEBP"),
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".bmp": _Format("BMP", alpha=False, icc_profile=False),
}


def _checked_quality(minimum: int, name: str, value: Any) -> Any:
    integer = isinstance(value, int) and not isinstance(value, bool)
    if not integer or not minimum <= value <= 100:
        raise invalid_argument(name, f"an integer from {minimum} to 100", value)
    return value


def _checked_bits(name: str, value: Any) -> Any:
    if isinstance(value, bool) or value not in (8, 16):
        raise invalid_argument(name, "8 or 16", value)
    return value


@dataclass(frozen=True)
class FileSettings(Settings):
    """Encoding settings: quality and bit depth."""

    jpeg_quality: int = setting(
        95,
        "Quality of .jpg files, from 1 to 100 (best).",
        check=functools.partial(_checked_quality, 1),
    )
    webp_quality: int | None = setting(
        None,
        "Quality of .webp files, from 0 to 100 (best); None for lossless.",
        check=functools.partial(_checked_quality, 0),
    )
    bits: int = setting(
        8, "Bits per channel, 8 or 16; 16 for .png and .tiff files only.", check=_checked_bits
    )

    def options(self, format_name: str) -> dict[str, Any]:
        """Returns Pillow's options for saving in a format, by Pillow's name of it."""
        if format_name == "JPEG":
            return {"quality": self.jpeg_quality}
        if format_name == "WEBP":
            lossless = self.webp_quality is None
            return {"lossless": True} if lossless else {"quality": self.webp_quality}
        return {}


_DEFAULTS = FileSettings()


def check_image_output(path: str | os.PathLike[str], name: str = "output") -> Path:
    """Returns a path that an image can be written to, or raises `ValueError`."""
    path = check_output(path, name)
    if path.suffix.lower() not in _FORMATS:
        raise invalid_argument(name, f"a file name that ends in {', '.join(_FORMATS)}", str(path))
    return path


def holds_alpha(path: str | os.PathLike[str]) -> bool:
    """Returns whether a file's format supports an alpha channel, by its extension."""
    return _FORMATS[Path(path).suffix.lower()].alpha


def holds_icc_profile(path: str | os.PathLike[str]) -> bool:
    """Returns whether a file's format supports an ICC profile, by its extension."""
    return _FORMATS[Path(path).suffix.lower()].icc_profile


def holds_sixteen_bits(path: str | os.PathLike[str]) -> bool:
    """Returns whether a file's format supports 16-bit channels, by its extension."""
    return _FORMATS[Path(path).suffix.lower()].sixteen is not None


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Converts float pixels in [0, 1] to uint8 in [0, 255], clipped and rounded."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def write_image(
    path: str | os.PathLike[str],
    image: np.ndarray,
    *,
    alpha: np.ndarray | None = None,
    icc_profile: bytes | None = None,
    comment: str | None = None,
    settings: FileSettings = _DEFAULTS,
) -> None:
    """Writes an image file atomically.

    Pixel values are not colour-converted: a profile only defines their colours.

    Args:
        path: A file name whose extension selects the format.
        image: float RGB in [0, 1], [height, width, 3].
        alpha: An alpha channel, float in [0, 1], 1 where opaque, [height, width]; PNG, WebP and
            TIFF support it.
        icc_profile: An ICC profile of RGB; all formats but BMP support it.
        comment: ASCII text for the file's metadata; PNG, JPEG and TIFF support it. See
            `read_comment`.
        settings: Quality and bit depth.

    Raises:
        ValueError: The path cannot be written, its extension is unknown, or its format does not
            support an argument.
        OSError: The file cannot be written; the message names it.
    """
    path = check_image_output(path)
    kind = _FORMATS[path.suffix.lower()]
    for name, value, held in (
        ("alpha", alpha, kind.alpha),
        ("icc_profile", icc_profile, kind.icc_profile),
    ):
        if value is not None and not held:
            raise invalid_argument(
                name, f"None with {kind.name}, which does not support it", str(path)
            )
    if alpha is not None and alpha.shape != image.shape[:2]:
        raise invalid_argument("alpha", f"the image's shape, {image.shape[:2]}", alpha.shape)
    if settings.bits == 16 and kind.sixteen is None:
        raise invalid_argument("bits", f"8 with {kind.name}, which has at most 8", str(path))
    if comment is not None:
        check_comment(comment, kind.name)
    pixels = image if alpha is None else np.dstack([image, alpha])
    # Encoded in memory: on a full disk Pillow may leave half a JPEG without raising an error.
    if settings.bits == 16 and kind.sixteen is not None:
        encoded = kind.sixteen(to_uint16(pixels), icc_profile, comment)
    else:
        encoded = _eight_bits(pixels, kind.name, icc_profile, comment, settings)
    with whole_file(path) as temporary:
        temporary.write_bytes(encoded)


def png(image: np.ndarray) -> bytes:
    """Encodes an image, float RGB in [0, 1], [height, width, 3], as an 8-bit PNG file."""
    return _eight_bits(image, "PNG", None, None, _DEFAULTS)


def _eight_bits(
    pixels: np.ndarray,
    format_name: str,
    icc_profile: bytes | None,
    comment: str | None,
    settings: FileSettings,
) -> bytes:
    """Encodes a file with 8 bits per channel."""
    options = settings.options(format_name)
    if icc_profile is not None:
        options["icc_profile"] = icc_profile
    if comment is not None:
        options |= comment_options(comment, format_name)
    file = io.BytesIO()
    Image.fromarray(to_uint8(pixels)).save(file, format_name, **options)
    return file.getvalue()


def contact_sheet(rows: list[list[tuple[str, np.ndarray]]], *, margin: int = 8) -> np.ndarray:
    """Lays out labelled images on a white sheet, each cell fitting its image and label.

    Args:
        rows: (label, image) pairs by row; images are float RGB in [0, 1], [height, width, 3].
        margin: Space around images, in pixels.

    Returns:
        float32 RGB in [0, 1], [height, width, 3].
    """
    caption = 14
    font = ImageDraw.ImageDraw(Image.new("RGB", (1, 1)))
    heights = [max(image.shape[0] for _, image in row) + caption + margin for row in rows]
    columns = [
        [max(image.shape[1], math.ceil(font.textlength(label))) + margin for label, image in row]
        for row in rows
    ]
    widths = [sum(row) for row in columns]
    sheet = Image.new("RGB", (max(widths) + margin, sum(heights) + margin), "white")
    draw = ImageDraw.Draw(sheet)
    top = margin
    for row, height, across in zip(rows, heights, columns, strict=True):
        left = margin
        for (label, image), width in zip(row, across, strict=True):
            draw.text((left, top), label, fill="black")
            sheet.paste(Image.fromarray(to_uint8(image)), (left, top + caption))
            left += width
        top += height
    return np.asarray(sheet, np.float32) / 255
