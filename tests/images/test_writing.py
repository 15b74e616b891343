import numpy as np
import pytest
from PIL import Image

import rwkeras
from rwkeras.images.writing import check_image_output, contact_sheet, to_uint8
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


def test_to_uint8_rounds_and_clips():
    got = to_uint8(np.array([-0.1, 0.0, 0.5 / 255 + 1e-4, 0.999, 1.2]))
    np.testing.assert_array_equal(got, [0, 0, 1, 255, 255])


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
