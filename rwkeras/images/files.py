"""Atomic writing of files, here and where TensorFlow reaches, and checks that paths can be written.

A link is written through, to the file that it leads to. What is no regular file, such as a FIFO or
a device, is never replaced, but written into.
"""

import contextlib
import errno
import os
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from rwkeras.validation import invalid_argument

# Of a name so much of its end is kept in the temporary one: all endings that mean something to
# those who write, and not so much that a name that is legal becomes one that is too long.
_ENDING, _PREFIX = 16, ".rwkeras-"
# By these names a process's open files may be had, which are not theirs to replace either.
_OPEN_FILES = ("/dev/std", "/dev/fd/", "/proc/")


def check_output(
    path: str | os.PathLike[str], name: str = "output", ending: str | None = None
) -> Path:
    """Returns a path to write to, or raises `ValueError` if nothing can be written there.

    Args:
        path: A file, which may exist, in a folder, which must; or a FIFO or a device.
        name: The argument, as the caller spells it.
        ending: What its name has to end in, such as ".json"; None for anything.
    """
    path = Path(path)
    if os.path.isdir(path):
        raise invalid_argument(name, "a file, not a folder", str(path))
    try:
        stream = is_stream(path)
    except OSError as error:
        expected = "a name that a file can have there"
        raise invalid_argument(name, expected, f"{path} ({error.strerror})") from error
    try:
        if stream:
            _check_stream(path)
        else:
            _check_place(path, name)
    except OSError as error:
        expected = "a file in a folder that can be written to"
        raise invalid_argument(name, expected, f"{path} ({error.strerror})") from error
    if ending is not None and path.suffix != ending:
        raise invalid_argument(name, f"a file name that ends in {ending}", str(path))
    return path


def is_disk_full(error: OSError) -> bool:
    """Returns whether an error is that of a disk, or of a user's part of it, that is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Returns whether a path is that of a FIFO, a device or an open file: written into, once.

    Raises:
        OSError: The path cannot be one of a file, such as one whose name is too long.
    """
    if os.path.abspath(path).startswith(_OPEN_FILES):
        return True
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _check_stream(path: Path) -> None:
    """Raises `OSError` unless a stream can be opened to write; does not open it."""
    if stat.S_ISSOCK(os.stat(path).st_mode):
        raise OSError(None, "a socket")
    if not os.access(path, os.W_OK):
        raise PermissionError(None, "Permission denied")


def _check_place(path: Path, name: str) -> None:
    """Raises `OSError` or `ValueError` unless there can be a regular file at a path."""
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise invalid_argument(name, "a file in a folder that exists", str(path))
    # Permissions do not tell: root has them all, and a file system may refuse.
    tempfile.TemporaryFile(dir=folder).close()
    with contextlib.suppress(FileNotFoundError):
        file, mode = os.stat(path), os.stat(folder)
        # In a folder such as /tmp a file is only its owner's to replace.
        if mode.st_mode & stat.S_ISVTX and os.geteuid() not in (0, file.st_uid, mode.st_uid):
            raise PermissionError(None, "another user's file")


def is_remote(path: str | os.PathLike[str]) -> bool:
    """Returns whether a path is on a file system that TensorFlow alone reaches: gs://, s3:// ..."""
    return "://" in os.fspath(path)


def write_bytes(path: str, content: bytes) -> None:
    """Writes a file, whole or not at all as `whole_file` does, and makes its folders.

    Args:
        path: Where it is to be.
        content: The bytes.

    Raises:
        OSError: It cannot be written; the message names the file.
    """
    if is_remote(path):
        import tensorflow as tf  # It takes seconds, and files here do without.

        tf.io.gfile.makedirs(os.path.dirname(path))
    else:
        os.makedirs(os.path.dirname(os.path.realpath(path)), exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a temporary path, whose file takes the place of `path` if the block succeeds.

    Args:
        path: Where the file is to be; any path that `tf.io.gfile` takes. What stands there stays
            until the new file is whole. A link stays one; a FIFO or a device gets what was written.

    Yields:
        The path to write to, of the same extension, on this machine.

    Raises:
        OSError: The file cannot be written; the message names `path`.
    """
    remote = is_remote(path)
    said = os.fspath(path) if remote else str(Path(path))
    temporary = None
    try:
        stream, target = not remote and is_stream(said), Path(os.path.realpath(said))
        temporary = _temporary(Path(said), None if stream or remote else target.parent)
        yield temporary
        if remote:
            _send(temporary, said)
        elif stream:
            _pour(temporary, Path(said))
        else:
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)  # mkstemp's files are private.
            os.replace(temporary, target)
    except OSError as error:
        named = str(error.filename or said)
        if named != said and not os.path.basename(named).startswith(_PREFIX):
            raise  # It is of another file, whose name it has.
        raise _named(error, said) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _temporary(path: Path, folder: Path | None) -> Path:
    """Returns a new file of the extension of a path; None for where temporary files go."""
    handle, name = tempfile.mkstemp(prefix=_PREFIX, suffix=path.suffix[-_ENDING:], dir=folder)
    os.close(handle)
    return Path(name)


def _send(source: Path, path: str) -> None:
    """Copies a file to where TensorFlow alone reaches, and gives it its name once it is whole."""
    import tensorflow as tf  # It takes seconds, and files here do without.

    # A process on another machine may write the same file. The name is not made of the file's,
    # which may be as long as names can be.
    part = f"{path.rpartition('/')[0]}/{_PREFIX}{uuid.uuid4().hex}"
    try:
        tf.io.gfile.copy(source, part)
        tf.io.gfile.rename(part, path, overwrite=True)
    except BaseException as error:
        with contextlib.suppress(tf.errors.OpError):
            tf.io.gfile.remove(part)
        if isinstance(error, tf.errors.OpError):
            raise OSError(error.message) from error
        raise


def _pour(source: Path, stream: Path) -> None:
    """Writes a file's bytes into what is no regular file; waits for who reads a FIFO."""

    def opened(name: str, flags: int) -> int:
        return os.open(name, os.O_WRONLY | os.O_APPEND)  # Neither made nor cut short.

    with open(source, "rb") as file, open(stream, "wb", opener=opened) as written:
        shutil.copyfileobj(file, written)


def _named(error: OSError, path: str) -> OSError:
    """Returns an error of writing that names the file that was meant."""
    if error.errno is None:  # What Pillow and HDF5 raise.
        return OSError(f"'{path}' cannot be written: {error}")
    return OSError(error.errno, error.strerror, path)
