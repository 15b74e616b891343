"""Pictures as clients send them."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def png(image: np.ndarray) -> bytes:
    """Returns an image, float32 [height, width, 3], as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def pixels(file: bytes) -> np.ndarray:
    """Returns a file's image, uint8, [height, width, 3]."""
    return np.asarray(Image.open(io.BytesIO(file)))


def strings(*values: bytes) -> np.ndarray:
    """Returns strings as an array, which NumPy's own type would cut at zeros."""
    return np.array(values, object)


def png_of_size(width, height):
    """Returns a PNG that says it has a size; what follows its header is too short for it."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
