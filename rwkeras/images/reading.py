"""Decoding of image files and Pillow images to RGB in [0, 1]."""

import os
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from rwkeras.images.alpha import over_white
from rwkeras.images.deep import Deep, deep_pixels, deep_tiff
from rwkeras.images.opening import existing_file, load
from rwkeras.images.orientation import ORIENTATION, upright
from rwkeras.validation import check_number, invalid_argument

_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N", "I")
# Position of the colour space in an ICC profile's header (ISO 15076-1, 7.2.6).
_COLOUR_SPACE = slice(16, 20)


class Picture(NamedTuple):
    """An image as network input, with its alpha channel and ICC profile.

    Pixel values are those of the file, not colour-converted; the profile defines their colours.

    Attributes:
        image: float32 RGB in [0, 1], [height, width, 3], composited over white.
        alpha: Alpha channel, float32 in [0, 1], 1 where opaque, [height, width]; None without one.
        icc_profile: An ICC profile of RGB; None without one.
    """

    image: np.ndarray
    alpha: np.ndarray | None
    icc_profile: bytes | None


def _has_alpha(image: Image.Image) -> bool:
    return "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La")


def warn_of_alpha(name: str) -> None:
    """Warns that an image's alpha channel is composited over white.

    Args:
        name: The argument, as the caller spells it.
    """
    warnings.warn(f"`{name}` has an alpha channel: it is composited over white.", stacklevel=3)


def _sixteen_bit(image: Image.Image, name: str) -> np.ndarray:
    """Returns a grey 16-bit image as float32 in [0, 1], [height, width]."""
    values = np.asarray(image).astype(np.float32)
    if values.min() < 0 or values.max() > 65535:
        raise invalid_argument(name, "grey levels of at most 16 bits", values.max())
    return values / 65535


def _from_pillow(image: Image.Image, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Converts an image like `from_pillow`; returns it and its alpha channel, None without one."""
    try:
        image = ImageOps.exif_transpose(image)
        if image.mode in _SIXTEEN_BIT:
            return np.repeat(_sixteen_bit(image, name)[..., np.newaxis], 3, axis=2), None
        if image.mode == "F":
            return from_array(np.asarray(image), name), None
        alpha = None
        if _has_alpha(image):
            image = image.convert("RGBA")
            alpha = np.asarray(image.getchannel("A"), np.float32) / 255
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image)
        return np.asarray(image.convert("RGB"), np.float32) / 255, alpha
    except (OSError, SyntaxError) as error:
        raise invalid_argument(name, "an intact image", f"{image!r} ({error})") from error


def from_pillow(image: Image.Image, name: str = "image") -> np.ndarray:
    """Converts a Pillow image of any mode.

    EXIF orientation is applied, an alpha channel is composited over white with a warning, and the
    current frame of an animation is used. Grey images get three equal channels.

    Args:
        image: The image.
        name: The argument, as the caller spells it, for messages.

    Returns:
        float32 RGB in [0, 1], [height, width, 3].

    Raises:
        ValueError: The image's pixels cannot be read.
    """
    pixels, alpha = _from_pillow(image, name)
    if alpha is not None:
        warn_of_alpha(name)
    return pixels


def from_array(array: np.ndarray, name: str = "image") -> np.ndarray:
    """Converts an array of pixels.

    Args:
        array: uint8 in [0, 255] or float in [0, 1]; [height, width] for a grey image, [height,
            width, channels] with 1, 3 or 4 channels, or [batch, height, width, channels].
        name: The argument, as the caller spells it, for messages.

    Returns:
        float32 RGB in [0, 1], [height, width, 3] or [batch, height, width, 3].

    Raises:
        ValueError: The array has another shape, type or range, or is not finite.
    """
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim not in (3, 4) or array.shape[-1] not in (1, 3, 4):
        raise invalid_argument(
            name, "[height, width, channels] or a batch of it, with 1, 3 or 4 channels", array.shape
        )
    if array.dtype == np.uint8:
        pixels = array.astype(np.float32) / 255
    elif np.issubdtype(array.dtype, np.floating):
        pixels = array.astype(np.float32, copy=False)
    else:
        raise invalid_argument(name, "pixels of type uint8 or float", array.dtype)
    if not np.isfinite(pixels).all():
        raise invalid_argument(name, "finite pixels", "pixels with NaN or infinity")
    if pixels.size and (pixels.min() < 0 or pixels.max() > 1):
        found = f"float pixels from {pixels.min():g} to {pixels.max():g}"
        raise invalid_argument(name, "float pixels in [0, 1], or uint8 in [0, 255]", found)
    if pixels.shape[-1] == 4:
        warn_of_alpha(name)
        return over_white(pixels[..., :3], pixels[..., 3])
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def _of_deep(deep: Deep, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Converts an image of more than 8 bits; returns the same as `_from_pillow`."""
    pixels = upright(deep.pixels, deep.orientation)
    if pixels.shape[2] in (1, 3):
        return from_array(np.ascontiguousarray(pixels), name), None
    colours, alpha = pixels[..., :-1], np.ascontiguousarray(pixels[..., -1])
    if deep.premultiplied:
        image = np.minimum(colours + (1 - alpha[..., np.newaxis]), 1)
    else:
        image = over_white(colours, alpha)
    return from_array(np.ascontiguousarray(image), name), alpha


def _read(
    path: str | os.PathLike[str], name: str
) -> tuple[np.ndarray, np.ndarray | None, bytes | None]:
    """Returns a file's image over white, its alpha channel or None, and its ICC profile or None."""
    file = existing_file(path, name)
    deep = deep_tiff(file, name)
    if deep is None:
        image = load(file, name)
        pixels = deep_pixels(file, image, name)
        profile = image.info.get("icc_profile") or None
        if pixels is None:
            return *_from_pillow(image, name), profile
        deep = Deep(pixels, image.getexif().get(ORIENTATION, 1), profile)
    return *_of_deep(deep, name), deep.icc_profile


def read_image(path: str | os.PathLike[str], name: str = "image") -> np.ndarray:
    """Reads an image file of any format that Pillow supports, or HEIC.

    All bits of PNG, TIFF, PPM and HEIC files are kept. HEIC needs `rwkeras[heic]`, and TIFF files
    of more than 8 bits with a compression other than deflate need `rwkeras[tiff]`. If a file holds
    several images, the first is used, with a warning.

    Args:
        path: The file.
        name: The argument, as the caller spells it, for messages.

    Returns:
        float32 RGB in [0, 1], [height, width, 3]; see `from_pillow`.

    Raises:
        ValueError: The file does not exist, is not a complete image, or has more pixels than
            `PIL.Image.MAX_IMAGE_PIXELS`, a limit against decompression bombs.
    """
    pixels, alpha, _ = _read(path, name)
    if alpha is not None:
        warn_of_alpha(name)
    return pixels


def read_picture(path: str | os.PathLike[str], name: str = "image") -> Picture:
    """Reads an image with its alpha channel and its ICC profile.

    A profile of another colour space than RGB, such as CMYK, does not fit the pixels returned, and
    is dropped with a warning.

    Args:
        path: The file.
        name: The argument, as the caller spells it, for messages.

    Raises:
        ValueError: See `read_image`.
    """
    image, alpha, profile = _read(path, name)
    if profile is not None and profile[_COLOUR_SPACE] != b"RGB ":
        kind = profile[_COLOUR_SPACE].decode("ascii", "replace").strip()
        message = f"`{name}` has an ICC profile of {kind} instead of RGB: the profile is dropped."
        warnings.warn(message, stacklevel=2)
        profile = None
    return Picture(image, alpha, profile)


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resamples an image with an antialiased Lanczos filter.

    Args:
        image: float32 RGB in [0, 1], [height, width, 3].
        size: (width, height) in pixels.

    Returns:
        float32 RGB of that size, clipped to [0, 1], as the filter may overshoot.
    """
    channels = [
        np.asarray(Image.fromarray(image[..., c]).resize(size, Image.Resampling.LANCZOS))
        for c in range(image.shape[2])
    ]
    return np.clip(np.stack(channels, axis=2), 0, 1)


def square(picture: np.ndarray, size: int) -> np.ndarray:
    """Returns the central square of an image, resized, float32 RGB in [0, 1], [size, size, 3].

    Args:
        picture: float RGB in [0, 1], [height, width, 3].
        size: Side in pixels.
    """
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return resize(picture[top : top + side, left : left + side], (size, size))


def fit_longer_side(image: np.ndarray, longer_side: int) -> np.ndarray:
    """Resamples an image to a longer side, preserving its aspect ratio.

    Args:
        image: float32 RGB in [0, 1], [height, width, 3].
        longer_side: In pixels; 0 leaves the image unchanged.

    Raises:
        ValueError: `longer_side` is negative or not an integer.
    """
    check_number("image_size", longer_side, integer=True)
    height, width = image.shape[:2]
    if longer_side in (0, max(height, width)):
        return image
    scale = longer_side / max(height, width)
    return resize(image, (max(1, round(width * scale)), max(1, round(height * scale))))
