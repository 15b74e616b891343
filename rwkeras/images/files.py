"""Atomic writing of local and remote files, and checks that paths can be written.

Links are followed, and their targets replaced. Special files, such as a FIFO or a device, are never
replaced, but written into.
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

# Characters of the extension kept in the temporary name: enough for encoders that look at it, few
# enough that a legal name does not become too long.
_ENDING, _PREFIX = 16, ".rwkeras-"
# Paths of a process's open files, which must not be replaced either.
_OPEN_FILES = ("/dev/std", "/dev/fd/", "/proc/")


def check_output(
    path: str | os.PathLike[str], name: str = "output", ending: str | None = None
) -> Path:
    """Returns a path to write to, or raises `ValueError` if nothing can be written there.

    Args:
        path: An existing or new file in an existing folder; or a FIFO or a device.
        name: The argument, as the caller spells it.
        ending: Required extension, such as ".json"; None for any.
    """
    path = Path(path)
    if os.path.isdir(path):
        raise invalid_argument(name, "a file, not a folder", str(path))
    try:
        stream = is_stream(path)
    except OSError as error:
        expected = "a valid file name"
        raise invalid_argument(name, expected, f"{path} ({error.strerror})") from error
    try:
        if stream:
            _check_stream(path)
        else:
            _check_regular_file(path, name)
    except OSError as error:
        expected = "a file in a writable folder"
        raise invalid_argument(name, expected, f"{path} ({error.strerror})") from error
    if ending is not None and path.suffix != ending:
        raise invalid_argument(name, f"a file name that ends in {ending}", str(path))
    return path


def is_disk_full(error: OSError) -> bool:
    """Returns whether an error means a full disk or an exceeded quota."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Returns whether a path is a FIFO, device or open file: written into, never replaced.

    Raises:
        OSError: The path cannot be that of a file, for example because its name is too long.
    """
    if os.path.abspath(path).startswith(_OPEN_FILES):
        return True
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _check_stream(path: Path) -> None:
    """Raises `OSError` unless a stream can be opened for writing; does not open it."""
    if stat.S_ISSOCK(os.stat(path).st_mode):
        raise OSError(None, "a socket")
    if not os.access(path, os.W_OK):
        raise PermissionError(None, "Permission denied")


def _check_regular_file(path: Path, name: str) -> None:
    """Raises `OSError` or `ValueError` unless a regular file can be written at a path."""
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise invalid_argument(name, "a file in an existing folder", str(path))
    # Permission bits are not enough: root has them all, and a file system may still refuse.
    tempfile.TemporaryFile(dir=folder).close()
    with contextlib.suppress(FileNotFoundError):
        file, mode = os.stat(path), os.stat(folder)
        # In a sticky folder such as /tmp, only the owner of file or folder may replace a file.
        if mode.st_mode & stat.S_ISVTX and os.geteuid() not in (0, file.st_uid, mode.st_uid):
            raise PermissionError(None, "another user's file")


def is_remote(path: str | os.PathLike[str]) -> bool:
    """Returns whether a path is on a remote file system of `tf.io.gfile`: gs://, s3:// ..."""
    return "://" in os.fspath(path)


def write_bytes(path: str, content: bytes) -> None:
    """Writes a file atomically, like `whole_file`, and creates its folders.

    Args:
        path: Destination, local or remote.
        content: The bytes.

    Raises:
        OSError: The file cannot be written; the message names it.
    """
    if is_remote(path):
        import tensorflow as tf  # Takes seconds; local files do not need it.

        tf.io.gfile.makedirs(os.path.dirname(path))
    else:
        os.makedirs(os.path.dirname(os.path.realpath(path)), exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Context manager for atomic writing: a temporary file replaces `path` if the block succeeds.

    Args:
        path: Destination; any path that `tf.io.gfile` takes. An existing file stays until the new
            one is complete. A link stays a link; a FIFO or a device receives the bytes written.

    Yields:
        A local path to write to, of the same extension.

    Raises:
        OSError: The file cannot be written; the message names `path`.
    """
    remote = is_remote(path)
    destination = os.fspath(path) if remote else str(Path(path))
    temporary = None
    try:
        stream, target = not remote and is_stream(destination), Path(os.path.realpath(destination))
        temporary = _temporary(Path(destination), None if stream or remote else target.parent)
        yield temporary
        if remote:
            _upload(temporary, destination)
        elif stream:
            _write_stream(temporary, Path(destination))
        else:
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)  # mkstemp's files are private.
            os.replace(temporary, target)
    except OSError as error:
        named = str(error.filename or destination)
        if named != destination and not os.path.basename(named).startswith(_PREFIX):
            raise  # The error names another file.
        raise _with_filename(error, destination) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _temporary(path: Path, folder: Path | None) -> Path:
    """Creates a temporary file with a path's extension; `folder` None for the default one."""
    handle, name = tempfile.mkstemp(prefix=_PREFIX, suffix=path.suffix[-_ENDING:], dir=folder)
    os.close(handle)
    return Path(name)


def _upload(source: Path, path: str) -> None:
    """Copies a file to a remote path: under a temporary name first, then renamed."""
    import tensorflow as tf  # Takes seconds; local files do not need it.

    # Unique, as another machine may write the same file. Not derived from the file's name, which
    # may already be of maximum length.
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


def _write_stream(source: Path, stream: Path) -> None:
    """Copies a file's bytes into a special file; blocks until a FIFO has a reader."""

    def opened(name: str, flags: int) -> int:
        return os.open(name, os.O_WRONLY | os.O_APPEND)  # Neither created nor truncated.

    with open(source, "rb") as file, open(stream, "wb", opener=opened) as written:
        shutil.copyfileobj(file, written)


def _with_filename(error: OSError, path: str) -> OSError:
    """Returns a write error that names the destination."""
    if error.errno is None:  # As raised by Pillow and HDF5.
        return OSError(f"'{path}' cannot be written: {error}")
    return OSError(error.errno, error.strerror, path)
