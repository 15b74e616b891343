import numpy as np
import pytest
from PIL import Image, ImageCms

from rwkeras.commands.pictures import Pictures
from rwkeras.images.alpha import over_white
from rwkeras.images.filmstrip import thumbnail
from rwkeras.images.reading import Picture
from rwkeras.images.writing import FileSettings, to_uint8
from tests.conftest import waves

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def source():
    """A picture whose left half is half transparent."""
    alpha = np.ones((8, 12), np.float32)
    alpha[:, :6] = 128 / 255
    return Picture(over_white(waves(8, 12), alpha), alpha, PROFILE)


def test_a_picture_that_is_as_its_source_is_written_as_that(source, tmp_path):
    Pictures(source=source).write(tmp_path / "a.png", source.image)
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["icc_profile"] == PROFILE
        expected = to_uint8(np.dstack([waves(8, 12), source.alpha]))
        np.testing.assert_array_equal(np.asarray(image), expected)


def test_the_alpha_channel_has_the_size_of_the_picture(source, tmp_path):
    Pictures(source=source).write(tmp_path / "a.webp", waves(16, 24))
    with Image.open(tmp_path / "a.webp") as image:
        assert (image.mode, image.size) == ("RGBA", (24, 16))
        alpha = np.asarray(image)[..., 3]
    np.testing.assert_allclose(alpha[:, [0, -1]], [[128, 255]] * 16, atol=1)


def test_a_sheet_has_a_profile_and_no_alpha_channel(source, tmp_path):
    rows = [[("a", thumbnail(waves(8, 12)))]]
    pictures = Pictures(source=source)
    pictures.write_sheet(tmp_path / "a.png", rows)
    with Image.open(tmp_path / "a.png") as image:
        assert (image.mode, image.info["icc_profile"]) == ("RGB", PROFILE)
        np.testing.assert_array_equal(np.asarray(image)[22:30, 8:20], to_uint8(waves(8, 12)))
    pictures.write_sheet(tmp_path / "a.bmp", rows)
    assert (tmp_path / "a.bmp").exists()


def test_quality(tmp_path):
    sizes = []
    for quality in (10, 90):
        Pictures(FileSettings(jpeg_quality=quality)).write(tmp_path / "a.jpg", waves(32, 32))
        sizes.append((tmp_path / "a.jpg").stat().st_size)
    assert sizes[0] < sizes[1]


def test_thumbnails():
    assert thumbnail(waves(1024, 512)).shape == (512, 256, 3)
    np.testing.assert_array_equal(thumbnail(waves(20, 30)), to_uint8(waves(20, 30)))
