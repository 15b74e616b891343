import hashlib
import os

import pytest
import tensorflow as tf

from rwkeras.sweeps.files import FileRef, put_file, reference_to, write_bytes


def test_a_file_is_written_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "c.bin"
    write_bytes(str(path), b"content")
    assert path.read_bytes() == b"content"
    assert os.listdir(path.parent) == ["c.bin"]


def test_a_name_alone_is_a_file_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_bytes("c.bin", b"content")
    assert (tmp_path / "c.bin").read_bytes() == b"content"


@pytest.mark.parametrize("before", [None, b"before"])
def test_a_write_that_dies_in_the_middle_changes_nothing(tmp_path, monkeypatch, before):
    path = tmp_path / "c.bin"
    if before is not None:
        path.write_bytes(before)
    whole = tf.io.gfile.GFile.write

    def half(file, content):
        whole(file, content[:3])
        file.flush()
        raise OSError("no space left")

    monkeypatch.setattr(tf.io.gfile.GFile, "write", half)
    with pytest.raises(OSError, match="no space left"):
        write_bytes(str(path), b"content")
    assert os.listdir(tmp_path) == ([] if before is None else ["c.bin"])
    assert before is None or path.read_bytes() == before


def test_processes_of_one_number_do_not_write_to_the_same_place(tmp_path, monkeypatch):
    # Containers on two machines that share the folder, each with its process 7.
    monkeypatch.setattr(os, "getpid", lambda: 7)
    path, temporaries = str(tmp_path / "c.bin"), []
    rename = tf.io.gfile.rename

    def interrupted(temporary, path, overwrite):
        temporaries.append(temporary)
        if len(temporaries) == 1:
            write_bytes(path, b"other")
        rename(temporary, path, overwrite=overwrite)

    monkeypatch.setattr(tf.io.gfile, "rename", interrupted)
    write_bytes(path, b"content")
    assert len(set(temporaries)) == 2
    assert (tmp_path / "c.bin").read_bytes() == b"content"
    assert os.listdir(tmp_path) == ["c.bin"]


def test_what_is_there_is_not_put_again(tmp_path):
    reference = put_file(str(tmp_path), "a/b.bin", b"content")
    assert reference == FileRef("a/b.bin", hashlib.sha256(b"content").hexdigest())
    written = (tmp_path / "a" / "b.bin").stat().st_mtime_ns
    assert put_file(str(tmp_path), "a/b.bin", b"content") == reference
    assert (tmp_path / "a" / "b.bin").stat().st_mtime_ns == written
    assert put_file(str(tmp_path), "a/b.bin", b"other") != reference
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"other"


def test_a_reference_is_relative_to_the_folder(tmp_path):
    write_bytes(str(tmp_path / "here" / "a" / "b.bin"), b"content")
    reference = reference_to(str(tmp_path / "here"), str(tmp_path / "here" / "a" / "b.bin"))
    assert reference.path == os.path.join("a", "b.bin")
    (tmp_path / "here").rename(tmp_path / "there")
    assert reference.read(str(tmp_path / "there")) == b"content"


def test_another_content_is_refused(tmp_path):
    reference = put_file(str(tmp_path), "b.bin", b"content")
    (tmp_path / "b.bin").write_bytes(b"other")
    with pytest.raises(ValueError) as error:
        reference.read(str(tmp_path))
    assert str(error.value) == (
        "Invalid value for argument `path`. Expected a file of SHA-256 ed7002b439e9. "
        f"Received: path={tmp_path}/b.bin of d9298a10d1b0"
    )


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ValueError) as error:
        FileRef("none.bin", "").read(str(tmp_path))
    assert str(error.value) == (
        "Invalid value for argument `path`. Expected a file that exists. "
        f"Received: path={tmp_path}/none.bin"
    )


def test_a_link_is_written_through_whatever_the_length_of_its_name(tmp_path):
    (tmp_path / "sub").mkdir()
    target = tmp_path / "sub" / ("a" * 255)
    os.symlink(target, tmp_path / "link")
    write_bytes(str(tmp_path / "link"), b"content")
    assert target.read_bytes() == b"content"
    assert (tmp_path / "link").is_symlink()
    assert os.listdir(tmp_path / "sub") == ["a" * 255]


def test_a_full_disk_is_said_of_the_file_that_was_meant(tmp_path, monkeypatch):
    def full(file, content):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.io.gfile.GFile, "write", full)
    with pytest.raises(OSError) as error:
        write_bytes(str(tmp_path / "c.bin"), b"content")
    assert str(error.value) == f"'{tmp_path / 'c.bin'}' cannot be written: No space left on device"
    assert os.listdir(tmp_path) == []
