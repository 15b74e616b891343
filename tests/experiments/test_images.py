import pytest

import rwkeras
from rwkeras.experiments.images import put_images
from rwkeras.sweeps.pictures import read_picture
from tests.conftest import waves


@pytest.mark.parametrize("kind", ["images", "textures", "styles"])
def test_photographs_that_test(tmp_path, kind):
    found = put_images(str(tmp_path), kind, [], 24, 2)
    assert len(found) == 2
    for reference in found.values():
        picture = read_picture(reference, str(tmp_path))
        assert picture.shape == (24, 24, 3)
        assert picture.std() > 0.02


def test_pictures_and_folders_of_the_user(tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("b", "a"):
        rwkeras.write_image(tmp_path / "folder" / f"{name}.png", waves(20, 30))
    rwkeras.write_image(tmp_path / "z.png", waves(30, 20))
    given = [str(tmp_path / "z.png"), str(tmp_path / "folder")]
    found = put_images(str(tmp_path / "out"), "images", given, 16, 3)
    assert list(found) == ["z", "a", "b"]
    assert found["a"].sha256 == found["b"].sha256
    again = put_images(str(tmp_path / "out"), "images", given, 16, 2)
    assert again == {name: found[name] for name in ("z", "a")}


def test_errors(tmp_path):
    rwkeras.write_image(tmp_path / "a.png", waves(20, 30))
    (tmp_path / "folder").mkdir()
    rwkeras.write_image(tmp_path / "folder" / "a.jpg", waves(20, 30))
    with pytest.raises(ValueError) as error:
        put_images(
            str(tmp_path), "styles", [str(tmp_path / "a.png"), str(tmp_path / "folder")], 16, 3
        )
    assert str(error.value) == (
        "Invalid value for argument `styles`. Expected files with different names. Received: "
        "styles=['a', 'a']"
    )
    with pytest.raises(ValueError) as error:
        put_images(str(tmp_path), "images", ["none.png"], 16, 3)
    assert str(error.value) == (
        "Invalid value for argument `images`. Expected the path of an existing file. Received: "
        "images=none.png"
    )
