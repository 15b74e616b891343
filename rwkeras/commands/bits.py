"""Bit depth of output images."""

from pathlib import Path

from rwkeras.images.writing import FileSettings, holds_sixteen_bits
from rwkeras.validation import invalid_argument


def check_bits(settings: FileSettings, output: Path) -> FileSettings:
    """Returns the settings; raises `ValueError` if the file format has no 16-bit pixels.

    Args:
        settings: File settings.
        output: Output path.
    """
    if settings.bits == 16 and not holds_sixteen_bits(output):
        raise invalid_argument("bits", f"8 with a {output.suffix} file", settings.bits)
    return settings
