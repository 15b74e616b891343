import errno
import os
import socket
import stat
import tempfile
import threading

import pytest

from rwkeras.images.files import check_output, is_stream, whole_file


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


LONGEST = "é" * 125 + ".png"  # 254 bytes, of 255.


@pytest.mark.parametrize("name", [LONGEST, "a." + "b" * 253])
def test_the_longest_names(tmp_path, name):
    with whole_file(check_output(tmp_path / name)) as temporary:
        temporary.write_text("new")
    assert (tmp_path / name).read_text() == "new"


def test_a_name_that_is_too_long(tmp_path):
    with pytest.raises(ValueError) as error:
        check_output(tmp_path / ("a" * 256), "report")
    assert str(error.value) == (
        "Invalid value for argument `report`. Expected a name that a file can have there. "
        f"Received: report={tmp_path / ('a' * 256)} (File name too long)"
    )


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "there").write_text("old")
    for link, target in (("a", "sub/there"), ("b", "sub/new"), ("c", "a")):
        os.symlink(target, tmp_path / link)
    for link, target in (("a", "there"), ("b", "new"), ("c", "there")):
        with whole_file(check_output(tmp_path / link)) as temporary:
            temporary.write_text(link)
        assert (tmp_path / link).is_symlink()
        assert (tmp_path / "sub" / target).read_text() == link
    assert sorted(os.listdir(tmp_path / "sub")) == ["new", "there"]


@pytest.mark.parametrize(
    ("target", "expected", "reason"),
    [
        ("gone/file", "a file in a folder that exists", ""),
        ("sub", "a file, not a folder", ""),
        ("link", "a name that a file can have there", " (Too many levels of symbolic links)"),
    ],
)
def test_links_that_lead_nowhere(tmp_path, target, expected, reason):
    (tmp_path / "sub").mkdir()
    link = tmp_path / "link"
    os.symlink(target, link)
    with pytest.raises(ValueError) as error:
        check_output(link)
    assert str(error.value) == (
        f"Invalid value for argument `output`. Expected {expected}. Received: output={link}{reason}"
    )


def test_a_fifo_gets_the_bytes(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    assert is_stream(check_output(fifo))
    with whole_file(fifo) as temporary:
        temporary.write_text("new")
    reader.join(10)
    assert read == [b"new"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert os.listdir(tmp_path) == ["fifo"]


def test_a_device_stays_one(tmp_path):
    before = os.stat("/dev/null")
    link = tmp_path / "null"
    os.symlink("/dev/null", link)
    for path in ("/dev/null", link):
        with whole_file(check_output(path)) as temporary:
            temporary.write_text("new")
    assert os.stat("/dev/null") == before
    assert link.is_symlink()


def test_an_open_file_is_not_replaced(tmp_path):
    with open(tmp_path / "open", "w+b") as file:
        path = f"/dev/fd/{file.fileno()}"
        with whole_file(check_output(path)) as temporary:
            temporary.write_text("new")
        assert file.read() == b"new"


def test_streams_that_cannot_be_written(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        with pytest.raises(ValueError, match=r"can be written to\. Received: .* \(a socket\)"):
            check_output(tmp_path / "socket")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(ValueError) as error:
        check_output("/dev/null")
    assert str(error.value) == (
        "Invalid value for argument `output`. Expected a file in a folder that can be written to. "
        "Received: output=/dev/null (Permission denied)"
    )


def test_another_users_file_in_a_folder_for_all(tmp_path, monkeypatch):
    tmp_path.chmod(0o1777)
    (tmp_path / "a").touch()
    check_output(tmp_path / "a")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    check_output(tmp_path / "b")
    with pytest.raises(ValueError) as error:
        check_output(tmp_path / "a")
    assert str(error.value) == (
        "Invalid value for argument `output`. Expected a file in a folder that can be written to. "
        f"Received: output={tmp_path / 'a'} (another user's file)"
    )


def test_a_full_disk_is_said_of_the_file_that_was_meant(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(OSError) as error, whole_file(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(error.value) == f"[Errno 28] No space left on device: '{path}'"
    with pytest.raises(OSError) as error, whole_file(path):
        raise OSError("encoder error -2")
    assert str(error.value) == f"'{path}' cannot be written: encoder error -2"
    with pytest.raises(FileNotFoundError) as error, whole_file(path):
        (tmp_path / "other").read_text()
    assert str(error.value) == f"[Errno 2] No such file or directory: '{tmp_path / 'other'}'"
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_full_device(tmp_path):
    with pytest.raises(OSError) as error, whole_file("/dev/full") as temporary:
        temporary.write_text("new")
    assert str(error.value) == "[Errno 28] No space left on device: '/dev/full'"


def test_a_folder_that_has_gone(tmp_path):
    path = tmp_path / "sub" / "a.json"
    with pytest.raises(OSError) as error, whole_file(path):
        pass
    assert str(error.value) == f"[Errno 2] No such file or directory: '{path}'"
