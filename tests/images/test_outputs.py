import os
from pathlib import Path

import pytest

from rwkeras.images import outputs
from rwkeras.images.outputs import Input, Output, check_no_overwrite


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "photo.png"
    path.write_bytes(b"photo")
    os.symlink(path, tmp_path / "link.png")
    os.link(path, tmp_path / "hard.png")
    os.symlink(tmp_path, tmp_path / "folder")
    (tmp_path / "sub").mkdir()
    return path


def refusal(written, read=()):
    with pytest.raises(ValueError) as error:
        check_no_overwrite(written, read)
    return str(error.value)


@pytest.mark.parametrize(
    "spelled",
    ["photo.png", "./sub/../photo.png", "link.png", "hard.png", "folder/photo.png"],
)
def test_over_an_input(photo, spelled):
    read = [Input("style", "missing.png"), Input("content", photo)]
    assert refusal([Output("output", Path(spelled))], read) == (
        "Invalid value for argument `output`. Expected a different file from that of `content`. "
        f"Received: output={Path(spelled)}"
    )


@pytest.mark.parametrize("spelled", ["out.png", "./sub/../out.png", "folder/out.png", "dangling"])
@pytest.mark.parametrize("there", [False, True])
def test_over_each_other(photo, spelled, there):
    os.symlink("out.png", "dangling")
    if there:
        Path("out.png").touch()
    assert refusal([Output("output", Path("out.png")), Output("report", Path(spelled))]) == (
        "Invalid value for argument `report`. Expected a different file from that of `output`. "
        f"Received: report={Path(spelled)}"
    )


def test_a_file_whose_name_is_derived(photo):
    written = [Output("output", Path("photo.png"), "photo")]
    assert refusal(written, [Input("image", photo)]) == (
        "Invalid value for argument `output`. Expected a value for which photo.png does not "
        "overwrite the file of `image`. Received: output=photo"
    )


@pytest.mark.parametrize(
    ("path", "deep", "refused"),
    [
        ("photo.png", False, True),
        ("sub/deep.jpg", False, False),
        ("sub/deep.jpg", True, True),
        ("notes.json", True, False),
        ("new.png", True, False),
    ],
)
def test_over_a_picture_of_a_folder(photo, tmp_path, path, deep, refused):
    for name in ("sub/deep.jpg", "notes.json"):
        (tmp_path / name).touch()
    written, read = [Output("output", Path(path))], [Input("images", tmp_path, deep)]
    if refused:
        assert "a different file from that of `images`" in refusal(written, read)
    else:
        check_no_overwrite(written, read)


@pytest.mark.parametrize("ignores", [False, True])
def test_case(photo, monkeypatch, ignores):
    # Of files that are there, the system itself says whether they are the same.
    monkeypatch.setattr(outputs, "_ignores_case", lambda folder: ignores)
    written = [Output("output", Path("a.png")), Output("filmstrip", Path("A.PNG"))]
    if ignores:
        assert "a different file from that of `output`" in refusal(written)
    else:
        check_no_overwrite(written, [])


def test_case_sensitivity_of_the_file_system(tmp_path):
    (tmp_path / "a").touch()
    assert outputs._ignores_case(str(tmp_path)) == (tmp_path / "A").exists()
    assert len(os.listdir(tmp_path)) == 1


def test_distinct_paths_are_accepted(photo, tmp_path):
    os.mkfifo("fifo")
    null = Path("/dev/null")
    check_no_overwrite(
        [
            Output("output", Path("new.png")),
            Output("report", null),
            Output("filmstrip", null),
            Output("output_dir", tmp_path / "not" / "yet" / "there.png"),
            Output("other", Path("fifo")),
        ],
        [Input("image", photo), Input("weights", "imagenet")],
    )
    assert "a different file from that of `image`" in refusal(
        [Output("output", Path("fifo"))], [Input("image", "fifo")]
    )
