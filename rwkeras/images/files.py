"""Files that appear whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rwkeras.validation import invalid_argument


def check_output(
    path: str | os.PathLike[str], name: str = "output", ending: str | None = None
) -> Path:
    """Returns a path to write to, or raises `ValueError` if nothing can be written there.

    Args:
        path: A file, which may exist, in a folder, which must.
        name: The argument, as the caller spells it.
        ending: What its name has to end in, such as ".json"; None for anything.
    """
    path = Path(path)
    folder = path.parent
    if path.is_dir():
        raise invalid_argument(name, "a file, not a folder", str(path))
    if not folder.is_dir():
        raise invalid_argument(name, "a file in a folder that exists", str(path))
    try:  # Permissions do not tell: root has them all, and a file system may refuse.
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        expected = "a file in a folder that can be written to"
        raise invalid_argument(name, expected, f"{path} ({error.strerror})") from error
    if ending is not None and path.suffix != ending:
        raise invalid_argument(name, f"a file name that ends in {ending}", str(path))
    return path


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a temporary path beside `path`, which takes its place if the block succeeds.

    Args:
        path: Where the file is to be. What stands there stays until the new file is whole.

    Yields:
        The path to write to, of the same extension.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp's files are private.
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
