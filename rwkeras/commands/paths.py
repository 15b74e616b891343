"""Flags with comma-separated lists of paths that may contain commas themselves."""

import csv
import os
from typing import Any

from absl import flags

from rwkeras.validation import invalid_argument

# The flags are those of the modules that ask for them.
flags.disclaim_key_flags()


class _PathsParser(flags.ListParser):
    """Parser of comma-separated paths; commas in names of existing files do not separate."""

    def parse(self, argument: Any) -> list[str]:
        """Returns the paths of a flag's value."""
        if not isinstance(argument, str) or not argument:
            return super().parse(argument)
        if os.path.exists(argument):
            return [argument]
        try:
            (parts,) = csv.reader([argument], strict=True)
        except csv.Error:
            return super().parse(argument)  # Which says what is wrong.
        return _joined(parts)


def _joined(parts: list[str]) -> list[str]:
    """Returns the paths that parts make, several of them one path where that exists."""
    paths = []
    while parts:
        counts = range(len(parts), 0, -1)
        count = next((n for n in counts if os.path.exists(_path(parts[:n]))), 1)
        paths.append(_path(parts[:count]))
        parts = parts[count:]
    return paths


def _path(parts: list[str]) -> str:
    """Returns parts as one path, without spaces around it where it exists without them alone."""
    path = ",".join(parts)
    stripped = path.strip()
    return stripped if os.path.exists(stripped) and not os.path.exists(path) else path


def define_paths(name: str, default: list[str] | None, help_text: str) -> None:
    """Defines a flag of paths.

    Args:
        name: The flag's.
        default: Its value if it is not given.
        help_text: What it says of itself.
    """
    flags.DEFINE(_PathsParser(), name, default, help_text, serializer=flags.CsvListSerializer(","))


def check_paths(name: str, *, required: bool = False) -> None:
    """Raises `ValueError` if one of several paths is of no file, with all that was given.

    A single one is not looked at: what is wrong with it is said where it is read.

    Args:
        name: The flag's.
        required: Whether there has to be a path.
    """
    given = flags.FLAGS[name].value or []
    if required and not given:
        raise invalid_argument(name, "the path of a file that exists", "''")
    missing = [path for path in given if not os.path.exists(path)]
    if len(given) > 1 and missing:
        which = ", ".join(f"'{path}'" for path in missing)
        expected = f"paths of files that exist, with commas between them; there is no {which}"
        raise invalid_argument(name, expected, ",".join(given))
