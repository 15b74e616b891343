"""Files of jobs on any of TensorFlow's file systems."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from rwkeras.images.files import write_bytes
from rwkeras.validation import invalid_argument


@dataclass(frozen=True)
class FileRef:
    """A file by what is in it.

    Attributes:
        path: Where it is, relative to a sweep's folder.
        sha256: The digest of its bytes, in hexadecimal digits.
    """

    path: str
    sha256: str

    def read(self, folder: str) -> bytes:
        """Returns the bytes; raises `ValueError` if they are not those that were meant."""
        path = os.path.join(folder, self.path)
        if not tf.io.gfile.exists(path):
            raise invalid_argument("path", "a file that exists", path)
        content = read_bytes(path)
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise invalid_argument(
                "path", f"a file of SHA-256 {self.sha256[:12]}", f"{path} of {found[:12]}"
            )
        return content

    @contextlib.contextmanager
    def fetched(self, folder: str) -> Iterator[str]:
        """Gives the path of a copy on this machine, of the same name, while the block lasts."""
        with tempfile.TemporaryDirectory() as local:
            path = Path(local, os.path.basename(self.path))
            path.write_bytes(self.read(folder))
            yield str(path)


def read_bytes(path: str) -> bytes:
    """Returns what is in a file."""
    with tf.io.gfile.GFile(path, "rb") as file:
        return file.read()


def put_file(folder: str, path: str, content: bytes) -> FileRef:
    """Writes a file below a sweep's folder, unless it is there, and returns what refers to it.

    Args:
        folder: The sweep's folder.
        path: Where the file is to be, relative to it.
        content: The bytes.
    """
    target = os.path.join(folder, path)
    if not tf.io.gfile.exists(target) or read_bytes(target) != content:
        write_bytes(target, content)
    return FileRef(path, hashlib.sha256(content).hexdigest())


def reference_to(folder: str, path: str) -> FileRef:
    """Returns what refers to a file below a sweep's folder."""
    return FileRef(os.path.relpath(path, folder), hashlib.sha256(read_bytes(path)).hexdigest())
