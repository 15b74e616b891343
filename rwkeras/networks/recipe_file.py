"""JSON files of recipes: the part that recipes of all kinds of networks share."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rwkeras.images.files import check_output, whole_file
from rwkeras.networks.initializers import INITIALIZERS, RandomInitializer
from rwkeras.validation import check_choice, invalid_argument

_T = TypeVar("_T")


def recipe_text(values: Mapping[str, Any]) -> str:
    """Returns a recipe's dictionary as JSON text."""
    return json.dumps(values, indent=1) + "\n"


def write_recipe(path: str | os.PathLike[str], text: str) -> None:
    """Writes a recipe atomically; raises `ValueError` if it cannot be written."""
    with whole_file(check_output(path)) as temporary:
        temporary.write_text(text)


def distribution_values(distribution: RandomInitializer) -> dict[str, Any]:
    """Returns the entries "initializer" and "seed" of a recipe's dictionary."""
    config = distribution.get_config()
    seed = config.pop("seed")
    names = {kind: name for name, kind in INITIALIZERS.items()}
    return {"initializer": {"name": names[type(distribution)], **config}, "seed": seed}


def parse_distribution(values: Mapping[str, Any]) -> RandomInitializer:
    """Returns the distribution that a recipe's dictionary describes; the reverse of the above."""
    config = dict(values["initializer"])
    name = config.pop("name")
    check_choice("initializer", name, INITIALIZERS)
    return INITIALIZERS[name](**config, seed=values["seed"])


def read_recipe_file(
    path: str | os.PathLike[str],
    name: str,
    format_name: str,
    parse: Callable[[Mapping[str, Any]], _T],
    expected: str = "a recipe",
) -> _T:
    """Reads a recipe.

    Args:
        path: A JSON file.
        name: Name of the `path` argument in error messages.
        format_name: The entry "format" of such recipes.
        parse: Returns the recipe that a dictionary describes; may raise `KeyError` and `TypeError`.
        expected: What the file should be, for error messages.

    Raises:
        ValueError: There is no such file, or it is not a valid recipe.
    """
    if not Path(path).is_file():
        raise invalid_argument(name, "the path of an existing recipe", str(path))
    try:
        values = json.loads(Path(path).read_text())
        if values["format"] != format_name:
            raise invalid_argument("format", f"'{format_name}'", values["format"])
        return parse(values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"missing {error}" if isinstance(error, KeyError) else str(error)
        expected = f"{expected}, '{format_name}'"
        raise invalid_argument(name, expected, f"{path} ({reason})") from error
