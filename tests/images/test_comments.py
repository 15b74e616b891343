import numpy as np
import pytest
from PIL import Image

import rwkeras
from rwkeras.images.comments import read_comment
from tests.conftest import waves

TEXT = '{"seed": 3, "text": "a \\"quoted\\" one"}'


@pytest.mark.parametrize(
    ("ending", "bits"),
    [("png", 8), ("png", 16), ("jpg", 8), ("jpeg", 8), ("tif", 8), ("tiff", 16)],
)
def test_a_text_is_read_as_it_was_written_and_changes_no_pixel(tmp_path, ending, bits):
    settings = rwkeras.FileSettings(bits=bits)
    with_text, without = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    rwkeras.write_image(with_text, waves(12, 9), comment=TEXT, settings=settings)
    rwkeras.write_image(without, waves(12, 9), settings=settings)
    assert read_comment(with_text) == TEXT
    assert read_comment(without) is None
    np.testing.assert_array_equal(rwkeras.read_image(with_text), rwkeras.read_image(without))
    rwkeras.write_image(without, waves(12, 9), comment=TEXT, settings=settings)
    assert with_text.read_bytes() == without.read_bytes()


def test_a_text_beside_a_profile_of_sixteen_bits(tmp_path):
    settings = rwkeras.FileSettings(bits=16)
    profile = b"\0" * 16 + b"RGB " + b"\0" * 108
    rwkeras.write_image(
        tmp_path / "a.png", waves(8, 8), icc_profile=profile, comment=TEXT, settings=settings
    )
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["icc_profile"] == profile
    assert read_comment(tmp_path / "a.png") == TEXT


@pytest.mark.parametrize(
    ("name", "comment", "message"),
    [
        ("a.webp", TEXT, f"None with WEBP, which does not support it. Received: comment={TEXT}"),
        ("a.png", "", "non-empty ASCII text without null characters. Received: comment="),
        ("a.png", "\xe9", "non-empty ASCII text without null characters. Received: comment=é"),
        ("a.png", 3, "non-empty ASCII text without null characters. Received: comment=3"),
        (
            "a.jpg",
            "x" * 65534,
            "at most 65533 characters in a JPEG file. Received: comment=65534 characters",
        ),
    ],
)
def test_errors(tmp_path, name, comment, message):
    with pytest.raises(ValueError) as error:
        rwkeras.write_image(tmp_path / name, waves(8, 8), comment=comment)
    assert str(error.value) == f"Invalid value for argument `comment`. Expected {message}"
    assert not (tmp_path / name).exists()


def test_what_is_no_picture_has_no_text(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    assert read_comment(tmp_path / "a.png") is None
    with pytest.raises(ValueError) as error:
        read_comment(tmp_path / "b.png")
    assert str(error.value) == (
        "Invalid value for argument `image`. Expected the path of an existing file. Received: "
        f"image={tmp_path / 'b.png'}"
    )
