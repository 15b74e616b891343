import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from rwkeras.serving.graph.encoded import check_encoded, decode, encode, encoded_sizes
from tests.serving.pictures import png_of_size

MAX_PIXELS = 10**6
NOT_WHOLE = (
    "Invalid value for `content_bytes`. Expected intact PNG or JPEG images. Received: other data "
    "at indices] [1 3]"
)
TOO_LARGE = (
    "Invalid value for `content_bytes`. Expected images of at most 1000000 pixels. Received: "
    "larger images at indices] [1 3]"
)
PIXELS = (np.random.default_rng(0).random((20, 30, 3)) * 255).astype(np.uint8)


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
def decoded(files):
    sizes = encoded_sizes(files)
    with tf.control_dependencies(check_encoded(files, sizes, "content_bytes", MAX_PIXELS)):
        return tf.map_fn(lambda file: encode(decode(file)), tf.identity(files))


def file(image, kind="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


RGB = Image.fromarray(PIXELS)
PNG, JPEG = file(RGB), file(RGB, "JPEG")


def over_white(image):
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (RGB, "PNG"),
        (RGB, "JPEG"),
        (RGB.convert("L"), "PNG"),
        (RGB.convert("L"), "JPEG"),
        (RGB.convert("P"), "PNG"),
        (RGB.convert("1"), "PNG"),
        (RGB.convert("CMYK"), "JPEG"),
    ],
)
def test_images_look_as_pillow_shows_them(image, kind):
    sent = file(image, kind)
    expected = np.asarray(Image.open(io.BytesIO(sent)).convert("RGB"))
    (received,) = decoded(tf.constant([sent])).numpy()
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(received))), expected)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_is_laid_over_white(mode):
    image = Image.fromarray(np.dstack([PIXELS, PIXELS[..., :1]])).convert(mode)
    (received,) = decoded(tf.constant([file(image)])).numpy()
    expected = np.asarray(over_white(image.convert("RGBA")).convert("RGB")).astype(int)
    assert np.abs(np.asarray(Image.open(io.BytesIO(received))) - expected).max() <= 1


def test_sixteen_bits_become_eight():
    image = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257)
    (received,) = decoded(tf.constant([file(image)])).numpy()
    found = np.asarray(Image.open(io.BytesIO(received)))
    np.testing.assert_array_equal(found, np.repeat(PIXELS[..., :1], 3, axis=2))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"", NOT_WHOLE),
        (b"hello there", NOT_WHOLE),
        (PNG[:20], NOT_WHOLE),
        (PNG[:200], NOT_WHOLE),
        (JPEG[:3], NOT_WHOLE),
        (JPEG[:200], NOT_WHOLE),
        (png_of_size(0, 5), NOT_WHOLE),
        (png_of_size(2**32 - 1, 2**32 - 1), NOT_WHOLE),
        (png_of_size(1001, 1000), TOO_LARGE),
        (png_of_size(100_000, 100_000), TOO_LARGE),
    ],
)
def test_what_is_no_image_is_refused_by_its_place(bad, message):
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        decoded(tf.constant([PNG, bad, JPEG, bad]))
    assert message in error.value.message
    assert len(decoded(tf.constant([PNG, JPEG]))) == 2


def test_sizes_are_read_without_decoding():
    files = [PNG, JPEG, png_of_size(70_000, 80_000), b"", PNG[:20], JPEG[:3]]
    expected = [[20, 30], [20, 30], [80_000, 70_000], [0, 0], [0, 0], [0, 0]]
    sizes = tf.function(encoded_sizes, autograph=False)(tf.constant(files))
    np.testing.assert_array_equal(sizes, expected)


def turned(orientation, kind, **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    RGB.save(buffer, kind, exif=exif, **options)
    return buffer.getvalue()


def shown(file):
    """What Pillow shows of a file."""
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(file))).convert("RGB"))


def check_shown(*files):
    for file, received in zip(files, decoded(tf.constant(files)).numpy(), strict=True):
        found = np.asarray(Image.open(io.BytesIO(received)))
        np.testing.assert_array_equal(found, shown(file))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_images_are_turned_as_their_cameras_say(kind):
    files = [turned(orientation, kind) for orientation in range(10)]
    assert {shown(file).shape for file in files} == {(20, 30, 3), (30, 20, 3)}
    check_shown(*files)


def tiff(entries, *, order="<", count=None, start=8):
    """Returns TIFF with one directory of (tag, type, value)."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    fields = b"".join(
        struct.pack(order + "HHI", tag, kind, 1)
        + struct.pack(order + {1: "B3x", 3: "H2x", 4: "I"}[kind], value)
        for tag, kind, value in entries
    )
    number = struct.pack(order + "H", len(entries) if count is None else count)
    padding = bytes(min(start, 64) - 8)
    return mark + struct.pack(order + "I", start) + padding + number + fields + bytes(4)


def segment(code, body):
    return bytes([0xFF, code]) + struct.pack(">H", len(body) + 2) + body


def with_segments(*segments):
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


SIX = tiff([(0x010F, 4, 77), (0x0112, 3, 6)])
XMP = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")


@pytest.mark.parametrize(
    ("segments", "wide"),
    [
        ([segment(0xE1, b"Exif\0\0" + SIX)], False),
        ([segment(0xE1, b"Exif\0\0" + tiff([(0x0112, 3, 8)], order=">"))], False),
        ([segment(0xE1, b"Exif\0\0" + tiff([(0x0112, 4, 5)]))], False),
        ([segment(0xE1, b"Exif\0\0" + tiff([(0x0112, 3, 7)], start=30))], False),
        ([segment(0xFE, b"a comment"), XMP, b"\xff\xff", segment(0xE1, b"Exif\0\0" + SIX)], False),
        ([segment(0xE1, b"Exif\0\0" + tiff([(0x0112, 3, 6)], count=900)[:-4])], None),
        ([segment(0xE1, b"Exif\0\0" + tiff([(0x0113, 3, 6)]))], True),
        ([segment(0xE1, b"Exif\0\0" + tiff([(0x0112, 3, 60)]))], True),
        ([segment(0xE1, b"Exif\0\0" + tiff([(0x0112, 3, 6)], start=2**32 - 1))], True),
        ([segment(0xE1, b"Exif\0\0" + SIX[:12])], True),
        ([segment(0xE1, b"Exif\0\0")], True),
        ([segment(0xE1, b"Exif")], True),
        ([segment(0xE1, b"")], True),
        ([XMP], True),
    ],
)
def test_exif_of_many_kinds(segments, wide):
    file = with_segments(*segments)
    (received,) = decoded(tf.constant([file])).numpy()
    found = np.asarray(Image.open(io.BytesIO(received)))
    if wide is None:  # Of what is cut short, what there is counts; Pillow takes none of it.
        wide = False
    else:
        np.testing.assert_array_equal(found, shown(file))
    assert found.shape == ((20, 30, 3) if wide else (30, 20, 3))


def test_exif_of_a_png_behind_its_pixels():
    body = b"eXIf" + SIX
    chunk = struct.pack(">I", len(SIX)) + body + struct.pack(">I", zlib.crc32(body))
    check_shown(PNG[:33] + chunk + PNG[33:], PNG[:-12] + chunk + PNG[-12:])


def test_exif_behind_the_pixels_of_a_jpeg_is_none():
    (received,) = decoded(tf.constant([JPEG + segment(0xE1, b"Exif\0\0" + SIX)])).numpy()
    assert Image.open(io.BytesIO(received)).size == (30, 20)
