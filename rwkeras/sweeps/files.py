"""Files of jobs, on any of TensorFlow's file systems."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from rwkeras.digests import bytes_digest
from rwkeras.images.files import write_bytes
from rwkeras.validation import invalid_argument


@dataclass(frozen=True)
class FileRef:
    """Reference to a file and its content.

    Attributes:
        path: Path relative to a sweep's folder.
        sha256: Digest of the file's bytes, in hexadecimal digits.
    """

    path: str
    sha256: str

    def read(self, folder: str) -> bytes:
        """Returns the bytes; raises `ValueError` if the file is missing or its content differs."""
        path = os.path.join(folder, self.path)
        if not tf.io.gfile.exists(path):
            raise invalid_argument("path", "an existing file", path)
        content = read_bytes(path)
        found = bytes_digest(content)
        if found != self.sha256:
            raise invalid_argument(
                "path", f"a file with SHA-256 {self.sha256[:12]}", f"{path} with {found[:12]}"
            )
        return content

    @contextlib.contextmanager
    def local_copy(self, folder: str) -> Iterator[str]:
        """Context manager that yields the path of a temporary local copy, of the same name."""
        with tempfile.TemporaryDirectory() as local:
            path = Path(local, os.path.basename(self.path))
            path.write_bytes(self.read(folder))
            yield str(path)


def read_bytes(path: str) -> bytes:
    """Returns the bytes of a file."""
    with tf.io.gfile.GFile(path, "rb") as file:
        return file.read()


def put_file(folder: str, path: str, content: bytes) -> FileRef:
    """Writes a file below a sweep's folder, unless it has that content, and returns its reference.

    Args:
        folder: The sweep's folder.
        path: Path of the file, relative to the folder.
        content: The bytes.
    """
    target = os.path.join(folder, path)
    if not tf.io.gfile.exists(target) or read_bytes(target) != content:
        write_bytes(target, content)
    return FileRef(path, bytes_digest(content))


def reference_to(folder: str, path: str) -> FileRef:
    """Returns the reference of an existing file below a sweep's folder."""
    return FileRef(os.path.relpath(path, folder), bytes_digest(read_bytes(path)))
