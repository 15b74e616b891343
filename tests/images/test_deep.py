"""Pictures of more than 8 bits a channel, read and written."""

import sys

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

import rwkeras
from rwkeras.images.deep_writing import png16, tiff16, to_uint16
from rwkeras.images.orientation import ORIENTATION, upright
from rwkeras.images.reading import read_picture

RANDOM = np.random.default_rng(0)
RGB = RANDOM.integers(0, 65536, (5, 4, 3)).astype(np.uint16)
RGBA = RANDOM.integers(0, 65536, (5, 4, 4)).astype(np.uint16)
FLOATS = RANDOM.random((5, 4, 3)).astype(np.float32)
SETTINGS = rwkeras.FileSettings(bits=16)


def srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ending", ["png", "tif", "TIFF"])
def test_sixteen_bits_in_and_out_without_loss(tmp_path, ending):
    path, profile = tmp_path / f"a.{ending}", srgb()
    rwkeras.write_image(path, RGB / 65535, icc_profile=profile, settings=SETTINGS)
    picture = read_picture(path)
    np.testing.assert_array_equal(to_uint16(picture.image), RGB)
    assert picture.icc_profile == profile
    assert picture.alpha is None
    with Image.open(path) as seen:  # What other programs make of it.
        assert np.abs(np.asarray(seen.convert("RGB")) - RGB / 257).max() <= 1
        assert seen.info["icc_profile"] == profile


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_alpha_of_sixteen_bits(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    image, alpha = RGBA[..., :3] / 65535, RGBA[..., 3] / 65535
    rwkeras.write_image(path, image, alpha=alpha, settings=SETTINGS)
    picture = read_picture(path)
    np.testing.assert_array_equal(to_uint16(picture.alpha), RGBA[..., 3])
    expected = image * alpha[..., np.newaxis] + 1 - alpha[..., np.newaxis]
    np.testing.assert_allclose(picture.image, expected, atol=1e-6)
    with pytest.warns(
        UserWarning, match="^`image` has an alpha channel: it is composited over white.$"
    ):
        np.testing.assert_array_equal(rwkeras.read_image(path), picture.image)


@pytest.mark.parametrize(
    "kind", ["uncompressed", "zlib", "lzw", "planes", "tiles", "bigtiff", "big"]
)
@pytest.mark.parametrize(
    "values", [FLOATS, FLOATS.astype(np.float64), FLOATS.astype(np.float16), RGB]
)
def test_tiff(tmp_path, kind, values):
    options = {
        "zlib": {"compression": "zlib", "predictor": True},
        "lzw": {"compression": "lzw", "predictor": values.dtype == np.uint16},
        "planes": {"planarconfig": "separate"},
        "tiles": {"tile": (16, 16)},
        "bigtiff": {"bigtiff": True},
        "big": {"byteorder": ">"},
    }.get(kind, {})
    stored = np.moveaxis(values, 2, 0) if kind == "planes" else values
    tifffile.imwrite(tmp_path / "a.tiff", stored, photometric="rgb", **options)
    expected = values / np.float32(65535) if values.dtype == np.uint16 else values
    got = rwkeras.read_image(tmp_path / "a.tiff")
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, expected.astype(np.float32))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_orientation(tmp_path, ending, orientation):
    path = tmp_path / f"a.{ending}"
    if ending == "tif":
        tags = [(ORIENTATION, "H", 1, orientation, True)]
        tifffile.imwrite(path, RGB, photometric="rgb", extratags=tags)
    else:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        content, info = png16(RGB), b""
        info = exif.tobytes()[6:]
        chunks = []
        PngImagePlugin.putchunk(type("File", (), {"write": chunks.append})(), b"eXIf", info)
        path.write_bytes(content[:33] + b"".join(chunks) + content[33:])
    got = rwkeras.read_image(path)
    np.testing.assert_array_equal(to_uint16(got), upright(RGB, orientation))


def test_white_is_zero(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RGB[..., 0], photometric="miniswhite")
    got = rwkeras.read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(to_uint16(got[..., 1]), 65535 - RGB[..., 0])


def test_premultiplied_alpha(tmp_path):
    pixels = np.array([[[0.25, 0, 0, 0.5], [0, 0, 0, 0]]], np.float32)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["assocalpha"])
    got = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(got.image, [[[0.75, 0.5, 0.5], [1, 1, 1]]])
    np.testing.assert_array_equal(got.alpha, [[0.5, 0]])


@pytest.mark.parametrize("plain", [False, True])
def test_ppm(tmp_path, plain):
    path, values = tmp_path / "a.ppm", RGB // 64
    if plain:
        numbers = " ".join(map(str, values.ravel()))
        path.write_text(f"P3 # plain\n4 5\n# largest\n1023\n{numbers} # end\n")
    else:
        path.write_bytes(b"P6 4 5 1023\n" + values.astype(">u2").tobytes())
    expected = values / np.float32(1023)
    np.testing.assert_array_equal(rwkeras.read_image(path), expected.astype(np.float32))


def refused(path):
    with pytest.raises(ValueError) as error:
        rwkeras.read_image(path, "style")
    return str(error.value)


def test_float_pixels_out_of_range(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", FLOATS * 8, photometric="rgb")
    assert "Invalid value for argument `style`. Expected float pixels in [0, 1]" in refused(
        tmp_path / "a.tif"
    )


def test_signed_pixels(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RGB.astype(np.int16), photometric="rgb")
    assert refused(tmp_path / "a.tif") == (
        "Invalid value for argument `style`. Expected pixels of an unsigned or floating-point "
        "type. Received: style=dtype('int16')"
    )


@pytest.mark.parametrize(("encode", "ending"), [(png16, "png"), (tiff16, "tif")])
def test_truncated(tmp_path, encode, ending):
    path, grain = tmp_path / f"a.{ending}", RANDOM.integers(0, 65536, (32, 32, 3)).astype(np.uint16)
    content = encode(grain)
    for part in (2, 3, 10):
        path.write_bytes(content[: len(content) - len(content) // part])
        message = refused(path)
        start = "Invalid value for argument `style`. Expected an intact picture. Received: "
        assert message.startswith(f"{start}style={path} (")
        assert "\n" not in message


def test_tiff_of_too_many_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 19)
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb")
    assert refused(tmp_path / "a.tif") == (
        "Invalid value for argument `style`. Expected a picture of at most 19 pixels, unless "
        "--max_megapixels is larger (in Python, `PIL.Image.MAX_IMAGE_PIXELS`). Received: "
        f"style={tmp_path / 'a.tif'} (4 x 5 pixels)"
    )


def test_the_first_page_of_several_is_said(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for _ in range(3):
            file.write(RGB, photometric="rgb")
    message = "^`image` contains 3 pictures, such as an animation: only the first is used.$"
    with pytest.warns(UserWarning, match=message):
        rwkeras.read_image(tmp_path / "a.tif")


def test_a_compression_of_tiff_without_its_package(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", FLOATS, photometric="rgb", compression="lzw")

    def missing(*args, **kwargs):
        raise ValueError("<COMPRESSION.LZW: 5> requires the 'imagecodecs' package")

    monkeypatch.setattr(tifffile.TiffPage, "asarray", missing)
    assert refused(tmp_path / "a.tif") == (
        "Invalid value for argument `style`. Expected an uncompressed or deflate-compressed TIFF "
        f"file; others need pip install 'rwkeras[tiff]'. Received: style={tmp_path / 'a.tif'}"
    )


def test_bits_that_a_format_does_not_hold(tmp_path):
    with pytest.raises(ValueError) as error:
        rwkeras.write_image(tmp_path / "a.jpg", FLOATS, settings=SETTINGS)
    assert str(error.value) == (
        "Invalid value for argument `bits`. Expected 8 with JPEG, which has at most 8. Received: "
        f"bits={tmp_path / 'a.jpg'}"
    )
    assert not (tmp_path / "a.jpg").exists()


@pytest.mark.parametrize("bits", [0, 10, 32, True, "16"])
def test_invalid_bits(bits):
    with pytest.raises(ValueError, match="^Invalid value for argument `bits`. Expected 8 or 16. "):
        rwkeras.FileSettings(bits=bits)


def test_heic(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "a.jpg"  # Whatever it is called.
    y, x = np.mgrid[:64, :48]
    image = np.stack([y * 4, x * 5, x + y], 2).astype(np.uint8)
    heif = pillow_heif.from_pillow(Image.fromarray(image))
    heif.save(path, quality=90, format="HEIF")
    got = rwkeras.read_image(path)
    assert got.shape == (64, 48, 3)
    assert np.abs(got * 255 - image).mean() < 4


def test_heic_of_ten_bits(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    y, x = np.mgrid[:64, :48]
    image = np.stack([y * 1000, x * 1300, (x + y) * 500], 2).astype(np.uint16)
    heif = pillow_heif.from_bytes("RGB;16", (48, 64), image.tobytes())
    heif.save(tmp_path / "a.heic", quality=-1)
    got = rwkeras.read_image(tmp_path / "a.heic") * 65535
    assert np.abs(got - image).mean() < 300
    assert len(np.unique(got)) > 300


def test_heic_without_its_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    assert refused(tmp_path / "a.heic") == (
        "Invalid value for argument `style`. Expected a picture in a format that Pillow supports; "
        f"HEIC needs pip install 'rwkeras[heic]'. Received: style={tmp_path / 'a.heic'}"
    )
