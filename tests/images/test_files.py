import errno
import os
import tempfile

import pytest

from rwkeras.images.files import check_output, whole_file


def test_whole_file_replaces(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with whole_file(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.suffix == ".txt"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_failure_leaves_what_was(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), whole_file(path) as temporary:
        temporary.write_text("half \ud800", encoding="utf-8")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_permissions_are_the_usual(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")
    with whole_file(tmp_path / "whole"):
        pass
    assert (tmp_path / "whole").stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("missing/a.png", "a file in a folder that exists"),
        (".", "a file, not a folder"),
    ],
)
def test_errors(tmp_path, name, expected):
    with pytest.raises(ValueError) as error:
        check_output(tmp_path / name)
    assert str(error.value) == (
        f"Invalid value for argument `output`. Expected {expected}. "
        f"Received: output={tmp_path / name}"
    )


def test_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(**kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)  # root may write anywhere
    with pytest.raises(ValueError) as error:
        check_output(tmp_path / "a.png")
    assert str(error.value) == (
        "Invalid value for argument `output`. Expected a file in a folder that can be written to. "
        f"Received: output={tmp_path / 'a.png'} (Permission denied)"
    )
