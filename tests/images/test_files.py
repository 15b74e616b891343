import errno
import os
import socket
import stat
import tempfile
import threading
from pathlib import Path

import pytest
import tensorflow as tf

from rwkeras.images.files import check_output, is_stream, whole_file, write_bytes


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
        ("missing/a.png", "a file in an existing folder"),
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
        "Invalid value for argument `output`. Expected a file in a writable folder. Received: "
        f"output={tmp_path / 'a.png'} (Permission denied)"
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
        "Invalid value for argument `report`. Expected a valid file name. Received: "
        f"report={tmp_path / ('a' * 256)} (File name too long)"
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
        ("gone/file", "a file in an existing folder", ""),
        ("sub", "a file, not a folder", ""),
        ("link", "a valid file name", " (Too many levels of symbolic links)"),
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
        with pytest.raises(ValueError, match=r"a writable folder\. Received: .* \(a socket\)"):
            check_output(tmp_path / "socket")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(ValueError) as error:
        check_output("/dev/null")
    assert str(error.value) == (
        "Invalid value for argument `output`. Expected a file in a writable folder. Received: "
        "output=/dev/null (Permission denied)"
    )


def test_other_users_file_in_a_sticky_folder(tmp_path, monkeypatch):
    tmp_path.chmod(0o1777)
    (tmp_path / "a").touch()
    check_output(tmp_path / "a")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    check_output(tmp_path / "b")
    with pytest.raises(ValueError) as error:
        check_output(tmp_path / "a")
    assert str(error.value) == (
        "Invalid value for argument `output`. Expected a file in a writable folder. Received: "
        f"output={tmp_path / 'a'} (another user's file)"
    )


def test_full_disk_error_names_the_output_file(tmp_path):
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


@pytest.fixture(params=["here", "ram"])
def folder(request, tmp_path):
    """A folder of this machine, and one of a file system that TensorFlow alone reaches."""
    return str(tmp_path) if request.param == "here" else f"ram://{tmp_path.name}"


def read(path):
    with tf.io.gfile.GFile(path, "rb") as file:
        return file.read()


def listed(folder):
    return sorted(tf.io.gfile.listdir(folder))


def test_bytes_are_written_with_their_folders(folder):
    write_bytes(f"{folder}/a/b/c.bin", b"content")
    assert read(f"{folder}/a/b/c.bin") == b"content"
    assert listed(f"{folder}/a/b") == ["c.bin"]
    write_bytes(f"{folder}/a/b/c.bin", b"other")
    assert read(f"{folder}/a/b/c.bin") == b"other"


def test_atomic_write_on_any_file_system(folder):
    write_bytes(f"{folder}/c.bin", b"before")
    with pytest.raises(UnicodeEncodeError), whole_file(f"{folder}/c.bin") as temporary:
        temporary.write_text("half \ud800", encoding="utf-8")
    assert read(f"{folder}/c.bin") == b"before"
    with whole_file(f"{folder}/c.bin") as temporary:
        temporary.write_bytes(b"content")
        assert temporary.suffix == ".bin"
        assert read(f"{folder}/c.bin") == b"before"
    assert read(f"{folder}/c.bin") == b"content"
    assert listed(folder) == ["c.bin"]


def test_a_name_alone_is_a_file_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_bytes("c.bin", b"content")
    assert (tmp_path / "c.bin").read_bytes() == b"content"


@pytest.mark.parametrize("before", [None, b"before"])
@pytest.mark.parametrize("step", ["write", "send"])
def test_a_write_that_dies_in_the_middle_changes_nothing(folder, monkeypatch, before, step):
    path = f"{folder}/c.bin"
    tf.io.gfile.makedirs(folder)
    if before is not None:
        write_bytes(path, before)
    whole = Path.write_bytes

    def half(file, content):
        whole(file, content[:3])
        raise OSError("no space left")

    def half_sent(source, target, **_):
        with tf.io.gfile.GFile(target, "wb") as file:
            file.write(b"con")
        raise OSError("no space left")

    def lost(source, target, **_):
        raise OSError("no space left")

    if step == "write":
        monkeypatch.setattr(Path, "write_bytes", half)
    else:
        monkeypatch.setattr(tf.io.gfile, "copy", half_sent)
        monkeypatch.setattr(os, "replace", lost)
    with pytest.raises(OSError, match=f"'{path}' cannot be written: no space left"):
        write_bytes(path, b"content")
    monkeypatch.undo()
    assert listed(folder) == ([] if before is None else ["c.bin"])
    assert before is None or read(path) == before


def test_temporary_files_differ_for_equal_process_ids(folder, monkeypatch):
    # Containers on two machines that share the folder, each with its process 7.
    monkeypatch.setattr(os, "getpid", lambda: 7)
    path, temporaries = f"{folder}/c.bin", []
    library, name = (tf.io.gfile, "rename") if "://" in folder else (os, "replace")
    rename = getattr(library, name)

    def interrupted(temporary, path, **arguments):
        temporaries.append(str(temporary))
        if len(temporaries) == 1:
            write_bytes(str(path), b"other")
        rename(temporary, path, **arguments)

    monkeypatch.setattr(library, name, interrupted)
    write_bytes(path, b"content")
    assert len(set(temporaries)) == 2
    assert read(path) == b"content"
    assert listed(folder) == ["c.bin"]


def test_bytes_are_written_through_a_link_whatever_the_length_of_its_name(tmp_path):
    (tmp_path / "sub").mkdir()
    target = tmp_path / "sub" / ("a" * 255)
    os.symlink(target, tmp_path / "link")
    write_bytes(str(tmp_path / "link"), b"content")
    assert target.read_bytes() == b"content"
    assert (tmp_path / "link").is_symlink()
    assert os.listdir(tmp_path / "sub") == ["a" * 255]


def test_full_remote_disk_error_names_the_output_file(tmp_path, monkeypatch):
    def full(source, target, **_):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.io.gfile, "copy", full)
    path = f"ram://{tmp_path.name}/c.bin"
    with pytest.raises(OSError) as error:
        write_bytes(path, b"content")
    assert str(error.value) == f"'{path}' cannot be written: No space left on device"
    assert listed(f"ram://{tmp_path.name}") == []
