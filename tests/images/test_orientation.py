import numpy as np
import pytest
from PIL import Image, ImageOps

from rwkeras.images.orientation import ORIENTATION, upright

PIXELS = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)


@pytest.mark.parametrize("orientation", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
def test_pixels_are_turned_as_pillow_turns_them(orientation):
    image = Image.fromarray(PIXELS)
    image.getexif()[ORIENTATION] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(upright(PIXELS, orientation), expected)
