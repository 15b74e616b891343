"""Files of jobs on any of TensorFlow's file systems."""

import contextlib
import hashlib
import os
import uuid
from dataclasses import dataclass

import tensorflow as tf

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
        with tf.io.gfile.GFile(path, "rb") as file:
            content = file.read()
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise invalid_argument(
                "path", f"a file of SHA-256 {self.sha256[:12]}", f"{path} of {found[:12]}"
            )
        return content


def write_bytes(path: str, content: bytes) -> None:
    """Writes a file, whole or not at all, and makes its folders.

    What `whole_file` is for files here; others only TensorFlow reaches.

    Args:
        path: Where it is to be; what stands there is replaced once the new file is whole. A link
            here stays one.
        content: The bytes.

    Raises:
        OSError: It cannot be written; the message names the file.
    """
    if "://" not in path:
        path = os.path.realpath(path)
    if folder := os.path.dirname(path):
        tf.io.gfile.makedirs(folder)
    # A process on another machine may have the same number, and write the same file. The name is
    # not made of the file's, which may be as long as names can be.
    temporary = os.path.join(folder, f".{uuid.uuid4().hex}.part")
    try:
        with tf.io.gfile.GFile(temporary, "wb") as file:
            file.write(content)
        tf.io.gfile.rename(temporary, path, overwrite=True)
    except BaseException as error:
        with contextlib.suppress(tf.errors.OpError):
            tf.io.gfile.remove(temporary)
        if isinstance(error, tf.errors.OpError):
            raise OSError(f"'{path}' cannot be written: {error.message}") from error
        raise


def put_file(folder: str, path: str, content: bytes) -> FileRef:
    """Writes a file below a sweep's folder, unless it is there, and returns what refers to it.

    Args:
        folder: The sweep's folder.
        path: Where the file is to be, relative to it.
        content: The bytes.
    """
    reference = FileRef(path, hashlib.sha256(content).hexdigest())
    target = os.path.join(folder, path)
    if tf.io.gfile.exists(target):
        with tf.io.gfile.GFile(target, "rb") as file:
            if file.read() == content:
                return reference
    write_bytes(target, content)
    return reference


def reference_to(folder: str, path: str) -> FileRef:
    """Returns what refers to a file below a sweep's folder."""
    with tf.io.gfile.GFile(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    return FileRef(os.path.relpath(path, folder), digest)
