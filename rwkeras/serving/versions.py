"""Folders of TensorFlow Serving: one per model, with a numbered folder per version.

The server polls for new versions every second, so a version is written under another name beside
the others and renamed once complete.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rwkeras.validation import checked_number, invalid_argument


def versions(folder: str | os.PathLike[str]) -> list[int]:
    """Returns the versions in a model's folder, in order; empty if the folder does not exist."""
    path = Path(folder)
    names = [each.name for each in path.iterdir() if each.is_dir()] if path.is_dir() else []
    return sorted(int(name) for name in names if name.isascii() and name.isdecimal())


def version_folder(folder: Path, version: int | None) -> Path:
    """Returns the folder of a new version; `version` None for the next number."""
    found = versions(folder)
    if version is None:
        version = found[-1] + 1 if found else 1
    version = checked_number("version", version, integer=True, minimum=1)
    if version in found:
        raise invalid_argument("version", "a new version", f"{version} of {found}")
    return folder / str(version)


def check_export_folder(folder: str | os.PathLike[str], version: int | None = None) -> None:
    """Raises `ValueError` unless a version can be written to a model's folder.

    Args:
        folder: The model's folder, which may be missing.
        version: The version's number; None for the next.
    """
    version_folder(Path(folder), version)
    there = Path(folder)
    try:
        while not there.exists():
            there = there.parent
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: str | os.PathLike[str], error: OSError) -> ValueError:
    expected = "a writable folder"
    return invalid_argument("folder", expected, f"{folder} ({error.strerror})")


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Context manager that yields a temporary folder, renamed to `target` on success."""
    folder = target.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".export-", dir=folder))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        yield temporary / "model"
        # Fails if another process has just created the same version.
        (temporary / "model").rename(target)
    except OSError as error:
        if target.exists():
            raise invalid_argument("version", "a new version", target.name) from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
