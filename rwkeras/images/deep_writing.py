"""Encoding of 16-bit RGB images as PNG and TIFF, which Pillow does not support."""

import io
import struct
import zlib

import numpy as np

# Length of a PNG's signature and IHDR chunk, after which profile and comment are inserted.
_PNG_START = 8 + 12 + 13


def to_uint16(image: np.ndarray) -> np.ndarray:
    """Converts float pixels in [0, 1] to uint16 in [0, 65535], clipped and rounded.

    Args:
        image: Pixels of any shape.
    """
    return np.rint(np.clip(image, 0, 1).astype(np.float64) * 65535).astype(np.uint16)


def png16(
    pixels: np.ndarray, icc_profile: bytes | None = None, comment: str | None = None
) -> bytes:
    """Encodes a PNG file with 16 bits per channel.

    Args:
        pixels: uint16, RGB or RGBA, [height, width, channels].
        icc_profile: An ICC profile, or None.
        comment: ASCII text for the file's metadata, or None.
    """
    import tensorflow as tf  # Takes seconds; most images do not need it.

    encoded = tf.io.encode_png(pixels).numpy()
    chunks = b""
    if icc_profile is not None:
        chunks += _chunk(b"iCCP" + b"ICC Profile\0\0" + zlib.compress(icc_profile))
    if comment is not None:
        chunks += _chunk(b"tEXt" + b"Comment\0" + comment.encode("ascii"))
    return encoded[:_PNG_START] + chunks + encoded[_PNG_START:]


def _chunk(body: bytes) -> bytes:
    """Returns a PNG chunk; `body` is its type and data."""
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def tiff16(
    pixels: np.ndarray, icc_profile: bytes | None = None, comment: str | None = None
) -> bytes:
    """Encodes a TIFF file with 16 bits per channel, uncompressed like Pillow's.

    Args:
        pixels: uint16, RGB or RGBA, [height, width, channels].
        icc_profile: An ICC profile, or None.
        comment: ASCII text for the ImageDescription tag, or None.
    """
    import tifffile

    file = io.BytesIO()
    tifffile.imwrite(
        file,
        pixels,
        photometric="rgb",
        extrasamples=["unassalpha"] if pixels.shape[2] == 4 else None,
        iccprofile=icc_profile,
        description=comment,
        metadata=None,
        software=False,
    )
    return file.getvalue()
