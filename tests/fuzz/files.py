"""Files of pictures drawn at random: whole ones of many kinds, and what is none."""

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tifffile
from PIL import Image, features

from rwkeras.images.deep_writing import png16, tiff16, to_uint16
from rwkeras.images.orientation import ORIENTATION, upright
from tests.serving.pictures import png_of_size

Random = np.random.Generator


class Drawn(NamedTuple):
    """A file that was drawn.

    Attributes:
        kind: What it is, for messages.
        content: Its bytes.
        suffix: What its name ends in.
        expected: What is to be seen, float [height, width, 3]; None if it may be refused.
        tolerance: How far off that may be in the mean.
    """

    kind: str
    content: bytes
    suffix: str
    expected: np.ndarray | None = None
    tolerance: float = 0.0


def _scene(random: Random) -> np.ndarray:
    """Returns a smooth picture, float RGB in [0, 1], some of them of a line only."""
    height, width = random.integers(2, 28, 2)
    shape = random.random()
    if shape < 0.06:
        height = random.integers(1, 3)
        width = random.choice([1, 30, 300])
    elif shape < 0.12:
        width = random.integers(1, 3)
    y, x = np.mgrid[:height, :width] / 16
    a, b, c = random.uniform(0, 6, 3)
    return 0.5 + 0.4 * np.stack([np.sin(3 * x + a), np.cos(2 * y - b), np.sin(x * y + c)], axis=2)


def _bytes(image: Image.Image, format_name: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def _eight(image: np.ndarray) -> np.ndarray:
    return np.rint(image * 255).astype(np.uint8)


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def _with_alpha(random: Random, scene: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns RGBA and what is to be seen of it."""
    alpha = random.random(scene.shape[:2])[..., np.newaxis] if random.random() < 0.5 else 0.5
    alpha = alpha * np.ones((*scene.shape[:2], 1))
    return np.dstack([scene, alpha]), scene * alpha + 1 - alpha


def _plain(format_name: str, suffix: str, tolerance: float, exif: bool, **options):
    def draw(random: Random) -> Drawn:
        scene = _scene(random)
        turn = int(random.integers(0, 10)) if exif and random.random() < 0.7 else 1
        more = {"exif": _exif(turn)} if turn != 1 else {}
        content = _bytes(Image.fromarray(_eight(scene)), format_name, **options, **more)
        kind = f"{format_name} turned by {turn}"
        return Drawn(kind, content, suffix, upright(scene, turn), tolerance)

    return draw


def _mode(mode: str, format_name: str, suffix: str, tolerance: float):
    def draw(random: Random) -> Drawn:
        scene = _scene(random)
        image = Image.fromarray(_eight(scene)).convert(mode)
        seen = np.asarray(image.convert("RGB"), float) / 255
        return Drawn(f"{format_name} {mode}", _bytes(image, format_name), suffix, seen, tolerance)

    return draw


def _alpha(mode: str, format_name: str, suffix: str):
    def draw(random: Random) -> Drawn:
        pixels, _ = _with_alpha(random, _scene(random))
        image = Image.fromarray(_eight(pixels)).convert(mode)
        stored = np.asarray(image.convert("RGBA"), float) / 255
        seen = stored[..., :3] * stored[..., 3:] + 1 - stored[..., 3:]
        options = {"lossless": True, "exact": True} if format_name == "WEBP" else {}
        content = _bytes(image, format_name, **options)
        return Drawn(f"{format_name} {mode}", content, suffix, seen, 0.01)

    return draw


def _deep(encode: Callable[[np.ndarray], bytes], suffix: str):
    def draw(random: Random) -> Drawn:
        pixels = seen = _scene(random)
        if random.random() < 0.5:
            pixels, seen = _with_alpha(random, pixels)
        return Drawn(f"{suffix} of 16 bits", encode(to_uint16(pixels)), suffix, seen, 1e-4)

    return draw


def _float_tiff(random: Random) -> Drawn:
    scene, file = _scene(random), io.BytesIO()
    values = scene.astype(random.choice([np.float16, np.float32, np.float64]))
    tifffile.imwrite(file, values, photometric="rgb")
    return Drawn(f"TIFF of {values.dtype}", file.getvalue(), ".tif", values.astype(float), 1e-6)


def _grey_sixteen(random: Random) -> Drawn:
    scene = _scene(random)[..., :1]
    image = Image.fromarray(to_uint16(scene[..., 0]))
    return Drawn("PNG I;16", _bytes(image, "PNG"), ".png", scene.repeat(3, axis=2), 1e-4)


def _ppm(random: Random) -> Drawn:
    scene = _scene(random)
    height, width = scene.shape[:2]
    pixels = to_uint16(scene).astype(">u2").tobytes()
    return Drawn("PPM", b"P6 %d %d 65535\n" % (width, height) + pixels, ".ppm", scene, 1e-4)


def _animation(format_name: str, suffix: str):
    def draw(random: Random) -> Drawn:
        scene = _scene(random)
        frames = [Image.fromarray(_eight(scene)), Image.fromarray(_eight(1 - scene))]
        content = _bytes(frames[0], format_name, save_all=True, append_images=frames[1:])
        return Drawn(f"{format_name} of two frames", content, suffix, scene, 0.1)

    return draw


def _heic(random: Random) -> Drawn:
    import pillow_heif

    scene, file = _scene(random), io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(_eight(scene))).save(file, quality=90, format="HEIF")
    return Drawn("HEIC", file.getvalue(), ".heic", scene, 0.1)


_KINDS: list[Callable[[Random], Drawn]] = [
    _plain("PNG", ".png", 0.003, exif=True),
    _plain("JPEG", ".jpg", 0.1, exif=True),
    _plain("JPEG", ".jpeg", 0.1, exif=True, progressive=True),
    _plain("WEBP", ".webp", 0.1, exif=True),
    _plain("TIFF", ".tif", 0.003, exif=True),
    _plain("BMP", ".bmp", 0.003, exif=False),
    _plain("PPM", ".ppm", 0.003, exif=False),
    _plain("TGA", ".tga", 0.003, exif=False),
    _plain("GIF", ".gif", 0.1, exif=False),
    _mode("L", "PNG", ".png", 0.003),
    _mode("L", "JPEG", ".jpg", 0.1),
    _mode("1", "PNG", ".png", 0.003),
    _mode("P", "PNG", ".png", 0.003),
    _mode("CMYK", "JPEG", ".jpg", 0.1),
    _mode("CMYK", "TIFF", ".tif", 0.003),
    _alpha("RGBA", "PNG", ".png"),
    _alpha("LA", "PNG", ".png"),
    _alpha("RGBA", "WEBP", ".webp"),
    _alpha("RGBA", "TIFF", ".tif"),
    _deep(png16, ".png"),
    _deep(tiff16, ".tiff"),
    _float_tiff,
    _grey_sixteen,
    _ppm,
    _animation("GIF", ".gif"),
    _animation("PNG", ".png"),
    _animation("WEBP", ".webp"),
    _animation("TIFF", ".tif"),
    _heic,
]
if features.check("avif"):
    _KINDS.append(_plain("AVIF", ".avif", 0.1, exif=True, speed=10))
_SUFFIXES = (".png", ".jpg", ".tif", ".webp", ".txt", "", ".heic")


def whole(random: Random) -> Drawn:
    """Returns a file that is a picture, one in ten by a wrong ending."""
    drawn = _KINDS[random.integers(len(_KINDS))](random)
    if random.random() < 0.1:
        return drawn._replace(suffix=str(random.choice(_SUFFIXES)))
    return drawn


def _truncated(random: Random) -> Drawn:
    drawn = whole(random)
    return drawn._replace(
        kind=f"{drawn.kind}, cut short",
        content=drawn.content[: random.integers(len(drawn.content))],
        expected=None,
    )


def _flipped(random: Random) -> Drawn:
    drawn, places = whole(random), random.integers(1, 6)
    content = bytearray(drawn.content)
    for place in random.integers(0, min(len(content), 200), places):
        content[place] = random.integers(256)
    return drawn._replace(kind=f"{drawn.kind}, changed", content=bytes(content), expected=None)


def _bomb(random: Random) -> Drawn:
    width, height = (int(2**power) for power in random.uniform(0, 31, 2))
    return Drawn(f"PNG that says {width} x {height}", png_of_size(width, height), ".png")


def _tiff_bomb(random: Random) -> Drawn:
    side = int(2 ** random.uniform(10, 31))
    numbers = [(256, 4, side), (257, 4, side), (258, 3, 16), (259, 3, 1), (262, 3, 2)]
    numbers += [(273, 4, 8), (277, 3, 3), (278, 4, side), (279, 4, 100)]
    fields = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in numbers)
    content = b"II*\0\x08\0\0\0" + struct.pack("<H", len(numbers)) + fields + bytes(104)
    return Drawn(f"TIFF that says {side} x {side}", content, ".tif")


def _gzip_bomb(random: Random) -> Drawn:
    packed = zlib.compress(bytes(10**6))
    return Drawn("no picture, packed", packed, ".png")


def _noise(random: Random) -> Drawn:
    start = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"RIFF", b"GIF89a", b"P6 "]
    content = start[random.integers(len(start))] + random.bytes(random.integers(200))
    return Drawn("noise", content, str(random.choice(_SUFFIXES)))


def _empty(random: Random) -> Drawn:
    return Drawn("nothing", b"", ".png")


_BROKEN = [_truncated, _flipped, _flipped, _bomb, _tiff_bomb, _gzip_bomb, _noise, _empty]


def any_file(random: Random) -> Drawn:
    """Returns a file that is a picture, or every other time one that is none."""
    if random.random() < 0.5:
        return whole(random)
    return _BROKEN[random.integers(len(_BROKEN))](random)


_NAMES = (
    "photo",
    "sea, at dawn",
    "a b",
    "ünï",
    "-x",
    "it's",
    'say "so"',
    "%s{0}",
    "a\nb",
    "x" * 200,
)


def put(random: Random, folder: Path, drawn: Drawn) -> Path:
    """Writes a file by some name, and returns its path."""
    path = folder / f"{len(os.listdir(folder))}{random.choice(_NAMES)}{drawn.suffix}"
    path.write_bytes(drawn.content)
    return path


def no_file(random: Random, folder: Path) -> Path:
    """Returns a path of what is no file, in a way that is drawn."""
    path = folder / f"none{len(os.listdir(folder))}.png"
    match random.integers(5):
        case 0:
            path.mkdir()
        case 1:
            os.mkfifo(path)
        case 2:
            path.symlink_to(path)
        case 3:
            return path / "photo.png"
    return path
