import functools
import resource

import numpy as np
import pytest
from PIL import Image, ImageCms

import rwkeras
from rwkeras.images.writing import check_image_output, contact_sheet, png, to_uint8
from tests.conftest import waves


@pytest.mark.parametrize("ending", ["png", "webp", "tif", "tiff", "bmp"])
def test_round_trip(tmp_path, ending):
    image = waves(12, 9)
    rwkeras.write_image(tmp_path / f"a.{ending}", image)
    np.testing.assert_allclose(rwkeras.read_image(tmp_path / f"a.{ending}"), image, atol=0.5 / 255)


def test_jpeg_is_near(tmp_path):
    rwkeras.write_image(tmp_path / "a.JPG", waves(32, 32))
    with Image.open(tmp_path / "a.JPG") as image:
        assert image.format == "JPEG"
    assert rwkeras.psnr(rwkeras.read_image(tmp_path / "a.JPG"), waves(32, 32))[0] > 30


def test_a_png_in_memory_is_that_of_a_file(tmp_path):
    rwkeras.write_image(tmp_path / "a.png", waves(5, 6))
    assert png(waves(5, 6)) == (tmp_path / "a.png").read_bytes()


def test_to_uint8_rounds_and_clips():
    got = to_uint8(np.array([-0.1, 0.0, 0.5 / 255 + 1e-4, 0.999, 1.2]))
    np.testing.assert_array_equal(got, [0, 0, 1, 255, 255])


# A profile says when it was made, to the second.
@functools.cache
def srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("ending", ["png", "webp", "tif"])
def test_alpha_and_profile(tmp_path, ending):
    path, image, alpha = tmp_path / f"a.{ending}", waves(12, 9), waves(12, 9)[..., 0]
    rwkeras.write_image(path, image, alpha=alpha, icc_profile=srgb())
    with Image.open(path) as written:
        assert written.mode == "RGBA"
        assert written.info["icc_profile"] == srgb()
        np.testing.assert_array_equal(np.asarray(written), to_uint8(np.dstack([image, alpha])))


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "tiff"])
def test_profile(tmp_path, ending):
    rwkeras.write_image(tmp_path / f"a.{ending}", waves(12, 9), icc_profile=srgb())
    with Image.open(tmp_path / f"a.{ending}") as written:
        assert written.mode == "RGB"
        assert written.info["icc_profile"] == srgb()


@pytest.mark.parametrize(
    ("path", "extras", "message"),
    [
        (
            "a.jpg",
            {"alpha": np.ones((6, 5))},
            "`alpha`. Expected None with JPEG, which does not support it. Received: alpha=",
        ),
        (
            "a.bmp",
            {"alpha": np.ones((6, 5))},
            "`alpha`. Expected None with BMP, which does not support it. Received: alpha=",
        ),
        (
            "a.bmp",
            {"icc_profile": b"profile"},
            "`icc_profile`. Expected None with BMP, which does not support it. Received: "
            "icc_profile=",
        ),
    ],
)
def test_what_a_format_does_not_hold(tmp_path, path, extras, message):
    with pytest.raises(ValueError) as error:
        rwkeras.write_image(tmp_path / path, waves(6, 5), **extras)
    assert str(error.value) == f"Invalid value for argument {message}{tmp_path / path}"
    assert not (tmp_path / path).exists()


def test_alpha_of_another_size(tmp_path):
    with pytest.raises(ValueError) as error:
        rwkeras.write_image(tmp_path / "a.png", waves(6, 5), alpha=np.ones((5, 6)))
    assert str(error.value) == (
        "Invalid value for argument `alpha`. Expected the image's shape, (6, 5). "
        "Received: alpha=(5, 6)"
    )


@pytest.mark.parametrize(
    ("ending", "low", "high"),
    [
        ("jpg", {"jpeg_quality": 20}, {}),
        ("webp", {"webp_quality": 20}, {"webp_quality": 95}),
        ("webp", {"webp_quality": 95}, {}),
    ],
)
def test_quality(tmp_path, ending, low, high):
    sizes = []
    for settings in (low, high):
        path = tmp_path / f"a.{ending}"
        image = np.random.default_rng(0).uniform(size=(32, 32, 3))
        rwkeras.write_image(path, image, settings=rwkeras.FileSettings(**settings))
        sizes.append(path.stat().st_size)
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [("jpeg_quality", 0, 1), ("jpeg_quality", 101, 1), ("webp_quality", -1, 0),
     ("webp_quality", 101, 0), ("jpeg_quality", 90.0, 1), ("webp_quality", True, 0)],
)  # fmt: skip
def test_qualities_that_are_none(name, value, least):
    with pytest.raises(ValueError) as error:
        rwkeras.FileSettings(**{name: value})
    assert str(error.value) == (
        f"Invalid value for argument `{name}`. Expected an integer from {least} to 100. "
        f"Received: {name}={value}"
    )


def test_unknown_ending(tmp_path):
    with pytest.raises(ValueError) as error:
        check_image_output(tmp_path / "a.xyz")
    assert str(error.value) == (
        "Invalid value for argument `output`. Expected a file name that ends in .png, .jpg, "
        f".jpeg, .webp, .tif, .tiff, .bmp. Received: output={tmp_path / 'a.xyz'}"
    )


def test_contact_sheet_holds_every_picture():
    red, blue = np.zeros((2, 10, 12, 3), np.float32)
    red[..., 0], blue[..., 2] = 1, 1
    sheet = to_uint8(contact_sheet([[("red", red)], [("blue", blue), ("again", blue)]]))
    assert np.all(sheet == (255, 0, 0), axis=2).sum() == 120
    assert np.all(sheet == (0, 0, 255), axis=2).sum() == 240


def test_labels_that_are_wider_than_their_pictures_do_not_overlap():
    picture = np.zeros((4, 4, 3), np.float32)
    label = "iteration 100000"
    alone = contact_sheet([[(label, picture)]])
    both = contact_sheet([[(label, picture), (label, picture)]])
    width = alone.shape[1] - 8
    np.testing.assert_array_equal(both[:, :width], alone[:, :width])
    np.testing.assert_array_equal(both[:, width:], alone)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif", "bmp"])
def test_a_disk_that_is_full(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(b"old")
    grain = np.random.default_rng(0).uniform(0, 1, (64, 64, 3))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as error:
            rwkeras.write_image(path, grain)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(error.value) == f"[Errno 27] File too large: '{path}'"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
