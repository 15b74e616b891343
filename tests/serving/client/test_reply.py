import io

import numpy as np
import pytest
from PIL import Image

from rwkeras.serving import Reply


def png(level):
    file = io.BytesIO()
    Image.new("RGB", (3, 2), (level, 0, 0)).save(file, "PNG")
    return file.getvalue()


def test_outputs():
    outputs = {
        "image_bytes": np.array([png(1), png(2)], object),
        "loss": np.float32([1, 2]),
        "more": np.zeros(2),
    }
    reply = Reply.of_outputs(outputs)
    assert reply.images == [png(1), png(2)]
    assert reply.loss.tolist() == [1, 2]
    assert reply.converged is None


def test_pillow():
    images = Reply([png(7), png(8)]).pillow()
    assert [image.getpixel((0, 0)) for image in images] == [(7, 0, 0), (8, 0, 0)]


def test_one_is_saved_by_its_name_and_several_by_numbers(tmp_path):
    assert Reply([png(1)]).save(tmp_path / "out.png") == [tmp_path / "out.png"]
    assert (tmp_path / "out.png").read_bytes() == png(1)
    assert Reply([png(1), png(2)]).save(str(tmp_path / "out.png")) == [
        tmp_path / "out-0.png",
        tmp_path / "out-1.png",
    ]
    assert (tmp_path / "out-1.png").read_bytes() == png(2)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("out.jpg", "a file name that ends in .png"),
        ("no/out.png", "a file in an existing folder"),
    ],
)
def test_other_names_are_refused(tmp_path, name, expected):
    with pytest.raises(ValueError) as error:
        Reply([png(1)]).save(tmp_path / name)
    assert str(error.value) == (
        f"Invalid value for argument `path`. Expected {expected}. Received: path={tmp_path / name}"
    )


def test_several_whose_names_are_too_long_are_refused_before_one_is_written(tmp_path):
    path = tmp_path / ("a" * 250 + ".png")
    with pytest.raises(ValueError) as error:
        Reply([png(1), png(2)]).save(path)
    assert str(error.value) == (
        "Invalid value for argument `path`. Expected a valid file name. Received: "
        f"path={tmp_path / ('a' * 250)}-0.png (File name too long)"
    )
    assert not list(tmp_path.iterdir())
