"""Bit depth of output images."""

from pathlib import Path

from rwkeras.images.writing import FileSettings, holds_sixteen_bits
from rwkeras.validation import invalid_argument


def check_bits(settings: FileSettings, output: Path) -> FileSettings:
    """Returns settings as they are, or raises `ValueError` if a file cannot have as many bits.

    Args:
        settings: How pictures are written.
        output: The picture that will be.
    """
    if settings.bits == 16 and not holds_sixteen_bits(output):
        raise invalid_argument("bits", f"8 with a {output.suffix} file", settings.bits)
    return settings
