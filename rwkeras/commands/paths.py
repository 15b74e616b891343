"""Flags of several paths with commas between them, which may be in the paths themselves."""

import os
from typing import Any

from absl import flags

from rwkeras.validation import invalid_argument

# The flags are those of the modules that ask for them.
flags.disclaim_key_flags()


class _PathsParser(flags.ListParser):
    """Splits at those commas that are in no name of a file that exists."""

    def parse(self, argument: Any) -> list[str]:
        """Returns the paths of a flag's value."""
        if not isinstance(argument, str):
            return super().parse(argument)
        if os.path.exists(argument):
            return [argument]
        return _joined(super().parse(argument))


def _joined(parts: list[str]) -> list[str]:
    """Returns parts, of which those that make the name of a file together are put together."""
    paths = []
    while parts:
        count = 1
        if not os.path.exists(parts[0]):
            longer = range(len(parts), 1, -1)
            count = next((n for n in longer if os.path.exists(",".join(parts[:n]))), 1)
        paths.append(",".join(parts[:count]))
        parts = parts[count:]
    return paths


def define_paths(name: str, default: list[str] | None, help_text: str) -> None:
    """Defines a flag of paths.

    Args:
        name: The flag's.
        default: Its value if it is not given.
        help_text: What it says of itself.
    """
    flags.DEFINE(_PathsParser(), name, default, help_text, serializer=flags.CsvListSerializer(","))


def check_paths(name: str) -> None:
    """Raises `ValueError` if one of several paths is of no file, with all that was given.

    A single one is not looked at: what is wrong with it is said where it is read.

    Args:
        name: The flag's.
    """
    given = flags.FLAGS[name].value or []
    missing = [path for path in given if not os.path.exists(path)]
    if len(given) > 1 and missing:
        which = ", ".join(f"'{path}'" for path in missing)
        expected = f"paths of files that exist, with commas between them; there is no {which}"
        raise invalid_argument(name, expected, ",".join(given))
