"""Flags with comma-separated lists of paths that may contain commas themselves."""

import csv
import os
from typing import Any

from absl import flags

from rwkeras.validation import invalid_argument

# Flags belong to the modules that call `define_paths`.
flags.disclaim_key_flags()


class _PathsParser(flags.ListParser):
    """Parser of comma-separated paths; commas in names of existing files do not separate."""

    def parse(self, argument: Any) -> list[str]:
        """Parses a flag's value into paths."""
        if not isinstance(argument, str) or not argument:
            return super().parse(argument)
        if os.path.exists(argument):
            return [argument]
        try:
            (parts,) = csv.reader([argument], strict=True)
        except csv.Error:
            return super().parse(argument)  # Raises the error message.
        return _joined(parts)


def _joined(parts: list[str]) -> list[str]:
    """Joins consecutive parts with commas where that gives the path of an existing file."""
    paths = []
    while parts:
        counts = range(len(parts), 0, -1)
        count = next((n for n in counts if os.path.exists(_path(parts[:n]))), 1)
        paths.append(_path(parts[:count]))
        parts = parts[count:]
    return paths


def _path(parts: list[str]) -> str:
    """Joins parts with commas; strips the path if only the stripped path exists."""
    path = ",".join(parts)
    stripped = path.strip()
    return stripped if os.path.exists(stripped) and not os.path.exists(path) else path


def define_paths(name: str, default: list[str] | None, help_text: str) -> None:
    """Defines a flag of paths.

    Args:
        name: Name of the flag.
        default: Default value.
        help_text: Help text.
    """
    flags.DEFINE(_PathsParser(), name, default, help_text, serializer=flags.CsvListSerializer(","))


def check_paths(name: str, *, required: bool = False) -> None:
    """Raises `ValueError` if one of several paths does not exist; the message has the whole value.

    A single path is not checked, as reading it gives a better message.

    Args:
        name: Name of the flag.
        required: Whether at least one path is required.
    """
    given = flags.FLAGS[name].value or []
    if required and not given:
        raise invalid_argument(name, "the path of an existing file", "''")
    missing = [path for path in given if not os.path.exists(path)]
    if len(given) > 1 and missing:
        which = ", ".join(f"'{path}'" for path in missing)
        expected = f"comma-separated paths of existing files; not found: {which}"
        raise invalid_argument(name, expected, ",".join(given))
