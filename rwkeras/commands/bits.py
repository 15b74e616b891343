"""The `--bits` flag: bit depth of output images."""

from pathlib import Path

from absl import flags

from rwkeras.images.writing import holds_sixteen_bits
from rwkeras.validation import invalid_argument

flags.DEFINE_integer("bits", 8, "Of each channel of --output, 8 or 16; .png and .tiff hold 16.")


def check_bits(output: Path) -> int:
    """Returns how many bits a channel has, or raises `ValueError`.

    Args:
        output: The picture that will be written.
    """
    bits = flags.FLAGS.bits
    if bits not in (8, 16):
        raise invalid_argument("bits", "8 or 16", bits)
    if bits == 16 and not holds_sixteen_bits(output):
        raise invalid_argument("bits", f"8 with a {output.suffix} file", bits)
    return bits
