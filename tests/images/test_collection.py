import numpy as np
import pytest
from PIL import Image

from rwkeras.images.collection import each_image, named_files, picture_files
from rwkeras.images.writing import write_image


@pytest.fixture
def folder(tmp_path, image, square):
    write_image(tmp_path / "b.png", image)
    write_image(tmp_path / "a.bmp", square)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".c.png").write_text("hidden")
    (tmp_path / "d.png").mkdir()
    return tmp_path


def test_a_folder_gives_its_pictures_in_order(folder):
    assert [path.name for path in picture_files(folder)] == ["a.bmp", "b.png"]
    shapes = [tuple(image.shape) for image in each_image(str(folder))]
    assert shapes == [(1, 32, 32, 3), (1, 32, 24, 3)]


def test_files_by_their_names(folder):
    files = named_files([str(folder), "elsewhere/e.jpg"])
    assert list(files) == ["a", "b", "e"]
    assert files["b"] == folder / "b.png"
    with pytest.raises(ValueError) as error:
        named_files(["one/a.png", "another/a.jpg"], "styles")
    assert str(error.value) == (
        "Invalid value for argument `styles`. Expected files with different names. Received: "
        "styles=['a', 'a']"
    )


def test_whatever_an_image_is(folder, image, batch):
    mixed = [folder / "b.png", Image.open(folder / "a.bmp"), image, batch]
    images = list(each_image(iter(mixed)))
    assert [tuple(image.shape[1:3]) for image in images] == [(32, 24), (32, 32), (32, 24)] + [
        (16, 20)
    ] * 2
    np.testing.assert_array_equal(images[2][0], image)
    np.testing.assert_array_equal(next(each_image(image))[0], image)
    assert len(list(each_image(batch))) == 2


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (
            "no/such/folder",
            "Invalid value for argument `images`. Expected an existing folder of pictures. "
            "Received: images=no/such/folder",
        ),
        (
            [],
            "Invalid value for argument `images`. Expected at least one image. "
            "Received: images=none",
        ),
        (
            3,
            "Invalid value for argument `images`. Expected a folder of pictures or an iterable of "
            "images. Received: images=<class 'int'>",
        ),
    ],
)
def test_errors(images, message):
    with pytest.raises(ValueError) as error:
        list(each_image(images))
    assert str(error.value) == message


def test_a_folder_without_pictures(tmp_path):
    with pytest.raises(ValueError) as error:
        list(each_image(tmp_path, "photos"))
    assert str(error.value) == (
        "Invalid value for argument `photos`. Expected a folder that contains pictures. Received: "
        f"photos={tmp_path}"
    )
