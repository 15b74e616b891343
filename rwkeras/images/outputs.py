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
        path: Where it will be.
        given: The argument's value, where the file's name is derived from it; None where it is it.
    """

    name: str
    path: Path
    given: str | os.PathLike[str] | None = None


class Input(NamedTuple):
    """An input file or folder of images, with the flag that names it.

    Attributes:
        name: The argument that names it, as the caller spells it.
        path: Where it is; where there is no such file, nothing can take its place.
        deep: Whether the pictures of folders in a folder are read too.
    """

    name: str
    path: str | os.PathLike[str]
    deep: bool = False


class _Identity(NamedTuple):
    """Identity of a file, independent of how its path is spelled.

    Attributes:
        device: Of the file, or of its folder where there is no file yet.
        inode: The same.
        name: Of a file that is not there yet; else empty.
    """

    device: int
    inode: int
    name: str


def check_apart(outputs: Iterable[Output], inputs: Iterable[Input]) -> None:
    """Raises `ValueError` if a file that is written is one that is read, or written twice.

    Links, hard links, relative paths and, where the file system ignores it, the case of letters
    are seen through.

    Args:
        outputs: What is written.
        inputs: What is read.
    """
    outputs = list(outputs)
    owners: dict[_Identity, str] = {}
    if any(os.path.exists(output.path) for output in outputs):
        owners = {_identity(path): name for name, path in _files(inputs)}
    for output in outputs:
        if _is_device(output.path):
            continue  # Of /dev/null there is enough for all.
        identity = _identity(output.path)
        if identity in owners:
            raise _taken(output, owners[identity])
        owners[identity] = output.name


def _taken(output: Output, owner: str) -> ValueError:
    """Returns the error for a file that would take the place of another argument's."""
    if output.given is None:
        expected = f"another file than that of `{owner}`"
        return invalid_argument(output.name, expected, str(output.path))
    expected = f"a value with which {output.path.name} is not written over the file of `{owner}`"
    return invalid_argument(output.name, expected, str(output.given))


def _files(inputs: Iterable[Input]) -> Iterator[tuple[str, str]]:
    """Yields the names and paths of files that are there, folders' pictures among them."""
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
    """Returns what tells a file from others, be it there or not."""
    try:
        found = os.stat(path)
        return _Identity(found.st_dev, found.st_ino, "")
    except FileNotFoundError:  # It, or what a link leads to.
        folder, name = os.path.split(os.path.realpath(path))
        while not os.path.isdir(folder):  # One that is yet to be made.
            folder, parent = os.path.split(folder)
            name = os.path.join(parent, name)
        found = os.stat(folder)
        if _ignores_case(folder):
            name = unicodedata.normalize("NFC", name).casefold()
        return _Identity(found.st_dev, found.st_ino, name)


def _ignores_case(folder: str) -> bool:
    """Returns whether a folder takes names for the same that differ in case only."""
    with tempfile.NamedTemporaryFile(prefix="case", dir=folder) as file:
        other = os.path.basename(file.name).swapcase()
        return os.path.exists(os.path.join(folder, other))
