import functools
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

import rwkeras
from rwkeras.images.reading import (
    fit_longer_side,
    from_array,
    from_pillow,
    read_picture,
    resize,
    square,
)
from rwkeras.images.writing import to_uint8
from tests.conftest import waves

RGB = to_uint8(waves(12, 9))


def read(path, image, **options):
    image.save(path, **options)
    return rwkeras.read_image(path)


def test_rgb(tmp_path):
    got = read(tmp_path / "a.png", Image.fromarray(RGB))
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, RGB.astype(np.float32) / 255)


def test_grey_gets_three_channels(tmp_path):
    got = read(tmp_path / "a.png", Image.fromarray(RGB[..., 0]))
    np.testing.assert_array_equal(got, np.repeat(RGB[..., :1], 3, axis=2).astype(np.float32) / 255)


def test_black_and_white(tmp_path):
    got = read(tmp_path / "a.png", Image.fromarray(RGB[..., 0] > 128))
    np.testing.assert_array_equal(got[..., 1], RGB[..., 0] > 128)


def test_palette(tmp_path):
    image = Image.fromarray(RGB).quantize(16)
    expected = np.asarray(image.convert("RGB"), np.float32) / 255
    np.testing.assert_array_equal(read(tmp_path / "a.png", image), expected)


def test_cmyk(tmp_path):
    image = Image.fromarray(RGB).convert("CMYK")
    got = read(tmp_path / "a.tif", image)
    np.testing.assert_allclose(got, RGB / 255, atol=0.02)


def test_sixteen_bits(tmp_path):
    levels = np.linspace(0, 65535, 12).astype(np.uint16).reshape(3, 4)
    got = read(tmp_path / "a.png", Image.fromarray(levels))
    np.testing.assert_allclose(got[..., 2], levels / 65535, rtol=1e-6)


def test_float_tiff(tmp_path):
    levels = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(read(tmp_path / "a.tif", Image.fromarray(levels))[..., 0], levels)


def test_exif_rotation(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown rotated by a quarter turn, clockwise
    got = read(tmp_path / "a.png", Image.fromarray(RGB), exif=exif)
    np.testing.assert_array_equal(got, np.rot90(RGB, k=-1).astype(np.float32) / 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_alpha_is_laid_over_white_with_a_warning(tmp_path, mode):
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    image.putpixel((0, 0), (0, 0, 0, 255))
    with pytest.warns(
        UserWarning, match="`image` has an alpha channel: it is composited over white"
    ):
        got = read(tmp_path / "a.png", image.convert(mode))
    np.testing.assert_array_equal(got[0, 0], np.zeros(3))
    np.testing.assert_array_equal(got[3, 3], np.ones(3))


# A profile says when it was made, to the second.
@functools.cache
def srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_a_picture_with_its_alpha_channel(tmp_path, mode):
    image = Image.new("RGBA", (4, 3), (255, 255, 255, 0))
    image.putpixel((1, 0), (0, 0, 0, 255))
    image.convert(mode).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    expected = np.zeros((3, 4), np.float32)
    expected[0, 1] = 1
    np.testing.assert_array_equal(picture.alpha, expected)
    np.testing.assert_array_equal(picture.image, np.repeat(1 - expected[..., None], 3, axis=2))
    assert picture.icc_profile is None


def test_an_alpha_channel_is_rotated_with_its_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    alpha = to_uint8(waves(12, 9)[..., 0])
    Image.fromarray(np.dstack([RGB, alpha])).save(tmp_path / "a.png", exif=exif)
    picture = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(to_uint8(picture.alpha), np.rot90(alpha, k=-1))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif"])
def test_a_picture_with_its_profile(tmp_path, ending):
    Image.fromarray(RGB).save(tmp_path / f"a.{ending}", icc_profile=srgb())
    picture = read_picture(tmp_path / f"a.{ending}")
    assert picture.icc_profile == srgb()
    assert picture.alpha is None
    np.testing.assert_array_equal(picture.image, rwkeras.read_image(tmp_path / f"a.{ending}"))


def test_a_profile_of_other_colours_is_left_out(tmp_path):
    profile = bytearray(srgb())
    profile[16:20] = b"GRAY"
    Image.fromarray(RGB[..., 0]).save(tmp_path / "a.png", icc_profile=bytes(profile))
    message = "^`content` has an ICC profile of GRAY instead of RGB: the profile is dropped.$"
    with pytest.warns(UserWarning, match=message):
        assert read_picture(tmp_path / "a.png", "content").icc_profile is None


def test_half_transparent():
    with pytest.warns(UserWarning, match="alpha channel"):
        got = from_array(np.full((2, 2, 4), 0.5, np.float32))
    np.testing.assert_allclose(got, np.full((2, 2, 3), 0.75))


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "tif", "avif"])
def test_animation_gives_its_first_frame(tmp_path, ending):
    frames = [Image.fromarray(np.full((4, 4), level, np.uint8)) for level in (40, 200)]
    frames[0].save(tmp_path / f"a.{ending}", save_all=True, append_images=frames[1:])
    message = "^`style` contains 2 pictures, such as an animation: only the first is used.$"
    with pytest.warns(UserWarning, match=message):
        got = rwkeras.read_image(tmp_path / f"a.{ending}", "style")
    np.testing.assert_allclose(got, 40 / 255, atol=0.01)


def check(error, expected, path):
    start = f"Invalid value for argument `image`. Expected {expected}. Received: image={path}"
    assert str(error.value).startswith(start)
    assert "\n" not in str(error.value)


def test_missing(tmp_path):
    for path in (tmp_path / "missing.png", tmp_path, "a\0b.png"):
        with pytest.raises(ValueError) as error:
            rwkeras.read_image(path)
        check(error, "the path of an existing file", path)


def test_text_called_png(tmp_path):
    path = tmp_path / "text.png"
    path.write_text("not a picture")
    with pytest.raises(ValueError) as error:
        rwkeras.read_image(path)
    check(error, "a picture in a format that Pillow supports", path)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "bmp"])
def test_truncated(tmp_path, ending):
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(buffer, {"jpg": "jpeg", "tif": "tiff"}.get(ending, ending))
    path = tmp_path / f"half.{ending}"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    with pytest.raises(ValueError) as error:
        rwkeras.read_image(path)
    check(error, "an intact picture", path)


def test_decompression_bomb(tmp_path):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )
    with pytest.raises(ValueError) as error:
        rwkeras.read_image(path)
    limit = (
        f"a picture of at most {Image.MAX_IMAGE_PIXELS} pixels, unless --max_megapixels is larger "
        "(in Python, `PIL.Image.MAX_IMAGE_PIXELS`)"
    )
    check(error, limit, path)


def test_arrays():
    for array in (RGB, RGB / 255, (RGB / 255).astype(np.float16), np.stack([RGB, RGB])):
        np.testing.assert_allclose(
            from_array(array), array / (255 if array.dtype == np.uint8 else 1)
        )
    assert from_array(RGB[..., 0]).shape == (12, 9, 3)


@pytest.mark.parametrize(
    ("array", "expected", "received"),
    [
        (
            np.zeros((2, 2, 2), np.uint8),
            "[height, width, channels] or a batch of it, with 1, 3 or 4 channels",
            "(2, 2, 2)",
        ),
        (np.zeros((2, 2, 3), np.int64), "pixels of type uint8 or float", "dtype('int64')"),
        (np.full((2, 2, 3), np.nan), "finite pixels", "pixels with NaN or infinity"),
        (np.full((2, 2, 3), np.inf), "finite pixels", "pixels with NaN or infinity"),
        (
            np.full((2, 2, 3), 255.0),
            "float pixels in [0, 1], or uint8 in [0, 255]",
            "float pixels from 255 to 255",
        ),
    ],
)
def test_arrays_that_are_no_images(array, expected, received):
    with pytest.raises(ValueError) as error:
        from_array(array)
    assert str(error.value) == (
        f"Invalid value for argument `image`. Expected {expected}. Received: image={received}"
    )


def test_resize_keeps_a_constant_and_its_range():
    np.testing.assert_allclose(resize(np.full((5, 7, 3), 0.3, np.float32), (20, 3)), 0.3, atol=1e-6)
    edge = np.zeros((8, 8, 3), np.float32)
    edge[:, 4:] = 1
    larger = resize(edge, (32, 16))
    assert larger.shape == (16, 32, 3)
    assert larger.min() >= 0
    assert larger.max() <= 1


def test_fit_longer_side():
    image = waves(20, 10)
    assert fit_longer_side(image, 10).shape == (10, 5, 3)
    assert fit_longer_side(image, 40).shape == (40, 20, 3)
    assert fit_longer_side(image, 0) is image
    with pytest.raises(ValueError, match="`image_size`. Expected an integer of at least 0"):
        fit_longer_side(image, -1)


def test_pillow_image_stays_open():
    image = Image.fromarray(RGB)
    from_pillow(image)
    np.testing.assert_array_equal(np.asarray(image), RGB)


def test_square_is_the_middle():
    picture = np.zeros((10, 20, 3), np.float32)
    picture[:, 5:15] = 1
    np.testing.assert_array_equal(square(picture, 10), 1)
    assert square(waves(40, 24), 16).shape == (16, 16, 3)
