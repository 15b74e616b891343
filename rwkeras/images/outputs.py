"""Checks, before any computation, that outputs do not overwrite inputs or each other."""

import os
import stat
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from rwkeras.validation import invalid_argument


class Output(NamedTuple):
    """An output file, with the flag that names it.

    Attributes:
        name: The argument that names it, as the caller spells it.
        path: Path of the file.
        given: The argument's value if the path is derived from it; None if it is the path.
    """

    name: str
    path: Path
    given: str | os.PathLike[str] | None = None


class Input(NamedTuple):
    """An input file or folder of images, with the flag that names it.

    Attributes:
        name: The argument that names it, as the caller spells it.
        path: Path of the file or folder; ignored if it does not exist.
        deep: Whether images in subfolders are read too.
    """

    name: str
    path: str | os.PathLike[str]
    deep: bool = False


class _Identity(NamedTuple):
    """Identity of a file, independent of how its path is spelled.

    Attributes:
        device: Device of the file, or of its nearest existing folder if the file does not exist.
        inode: Inode of the same.
        name: Path in that folder of a file that does not exist; else empty.
    """

    device: int
    inode: int
    name: str


def check_no_overwrite(outputs: Iterable[Output], inputs: Iterable[Input]) -> None:
    """Raises `ValueError` if an output would overwrite an input or another output.

    Files are compared by identity: through symbolic links, hard links, relative paths and, on
    case-insensitive file systems, spellings.

    Args:
        outputs: Files to write.
        inputs: Files and folders to read.
    """
    outputs = list(outputs)
    owners: dict[_Identity, str] = {}
    if any(os.path.exists(output.path) for output in outputs):
        owners = {_identity(path): name for name, path in _files(inputs)}
    for output in outputs:
        if _is_device(output.path):
            continue  # Such as /dev/null, which several outputs may share.
        identity = _identity(output.path)
        if identity in owners:
            raise _conflict_error(output, owners[identity])
        owners[identity] = output.name


def _conflict_error(output: Output, owner: str) -> ValueError:
    """Returns the error for an output that would overwrite another argument's file."""
    if output.given is None:
        expected = f"a different file from that of `{owner}`"
        return invalid_argument(output.name, expected, str(output.path))
    expected = f"a value for which {output.path.name} does not overwrite the file of `{owner}`"
    return invalid_argument(output.name, expected, str(output.given))


def _files(inputs: Iterable[Input]) -> Iterator[tuple[str, str]]:
    """Yields argument names and paths of existing input files, including images in folders."""
    endings = Image.registered_extensions()
    for name, path, deep in inputs:
        if not os.path.isdir(path):
            if os.path.exists(path):
                yield name, os.fspath(path)
            continue
        for folder, folders, files in os.walk(path):
            if not deep:
                folders.clear()
            for file in files:
                if os.path.splitext(file)[1].lower() in endings:
                    yield name, os.path.join(folder, file)


def _is_device(path: Path) -> bool:
    return os.path.exists(path) and stat.S_ISCHR(os.stat(path).st_mode)


def _identity(path: str | os.PathLike[str]) -> _Identity:
    """Returns the identity of a file, existing or not."""
    try:
        found = os.stat(path)
        return _Identity(found.st_dev, found.st_ino, "")
    except FileNotFoundError:  # The file, or the target of a link.
        folder, name = os.path.split(os.path.realpath(path))
        while not os.path.isdir(folder):  # A folder that does not exist yet.
            folder, parent = os.path.split(folder)
            name = os.path.join(parent, name)
        found = os.stat(folder)
        if _ignores_case(folder):
            name = unicodedata.normalize("NFC", name).casefold()
        return _Identity(found.st_dev, found.st_ino, name)


def _ignores_case(folder: str) -> bool:
    """Returns whether file names in a folder are case-insensitive."""
    with tempfile.NamedTemporaryFile(prefix="case", dir=folder) as file:
        other = os.path.basename(file.name).swapcase()
        return os.path.exists(os.path.join(folder, other))
