import hashlib
import os

import pytest

from rwkeras.images.files import write_bytes
from rwkeras.sweeps.files import FileRef, put_file, reference_to


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
        "Invalid value for argument `path`. Expected a file with SHA-256 ed7002b439e9. Received: "
        f"path={tmp_path}/b.bin with d9298a10d1b0"
    )


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ValueError) as error:
        FileRef("none.bin", "").read(str(tmp_path))
    assert str(error.value) == (
        "Invalid value for argument `path`. Expected an existing file. Received: "
        f"path={tmp_path}/none.bin"
    )
