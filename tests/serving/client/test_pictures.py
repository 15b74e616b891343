import io

import numpy as np
import pytest
from PIL import Image

from rwkeras.images.writing import to_uint8
from rwkeras.serving.client.pictures import encoded
from tests.conftest import waves

PIXELS = to_uint8(waves(6, 9))


def decoded(file):
    image = Image.open(io.BytesIO(file))
    assert image.format == "PNG"
    return np.asarray(image)


@pytest.mark.parametrize("name", ["photo.png", "photo.jpg", "grey.png"])
def test_files_that_servers_read_go_as_they_are(tmp_path, name):
    image = Image.fromarray(PIXELS)
    (image.convert("L") if name == "grey.png" else image).save(tmp_path / name)
    for path in (tmp_path / name, str(tmp_path / name)):
        assert encoded(path, "content") == [(tmp_path / name).read_bytes()]


def test_files_that_servers_would_show_otherwise_are_encoded_anew(tmp_path):
    image = Image.fromarray(PIXELS)
    exif = Image.Exif()
    exif[0x0112] = 3  # Upside down.
    image.save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(
        decoded(*encoded(tmp_path / "turned.png", "x")), PIXELS[::-1, ::-1]
    )
    image.save(tmp_path / "photo.bmp")
    np.testing.assert_array_equal(decoded(*encoded(tmp_path / "photo.bmp", "x")), PIXELS)
    transparent = image.copy()
    transparent.putalpha(0)
    transparent.save(tmp_path / "transparent.png")
    with pytest.warns(UserWarning, match="`x` has an alpha channel"):
        white = decoded(*encoded(tmp_path / "transparent.png", "x"))
    assert white.shape == (6, 9, 3)
    assert white.min() == 255


def test_what_is_no_file():
    for picture in (PIXELS, PIXELS / 255, Image.fromarray(PIXELS)):
        np.testing.assert_array_equal(decoded(*encoded(picture, "x")), PIXELS)
    np.testing.assert_array_equal(decoded(*encoded(PIXELS[..., 0], "x"))[..., 2], PIXELS[..., 0])
    assert encoded(b"anything", "x") == [b"anything"]
    assert len(encoded(PIXELS[None].repeat(3, axis=0), "x")) == 3
    assert encoded([b"one", b"two"], "x") == [b"one", b"two"]


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ([], "Expected at least one picture. Received: style=none"),
        (
            3,
            "Expected a path, the bytes of a file, an array, a Pillow image, or a list of these. "
            "Received: style=int",
        ),
        ("nowhere.png", "Expected the path of an existing file. Received: style=nowhere.png"),
        ([b"", np.zeros([2, 2, 2])], "Expected [height, width, channels] or a batch of it, with 1, "
         "3 or 4 channels. Received: style=(2, 2, 2)"),
    ],
)  # fmt: skip
def test_others_are_refused(pictures, message):
    with pytest.raises(ValueError) as error:
        encoded(pictures, "style")
    assert str(error.value) == f"Invalid value for argument `style`. {message}"
