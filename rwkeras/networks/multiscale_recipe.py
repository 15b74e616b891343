"""Recipes of multi-scale random networks: a few hundred bytes of JSON.

A recipe describes the network as drawn, independent of any image. Apply `standardize` or
`make_ready` with a source after building it: the scales are a function of recipe and source. They
are not stored, as four bytes per filter and bias would be several times the size of the rest, and
differ between sources.
"""

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rwkeras.backend import keras
from rwkeras.digests import weights_digest
from rwkeras.networks.initializers import INITIALIZERS, He, RandomInitializer
from rwkeras.networks.multiscale import BANK_SIZES, BIAS_STDDEV, FILTERS, LEVELS, multiscale
from rwkeras.networks.recipe_file import (
    distribution_values,
    parse_distribution,
    read_recipe_file,
    recipe_text,
    write_recipe,
)
from rwkeras.validation import invalid_argument, plain_numbers

_FORMAT = "rwkeras multiscale recipe 1"
# Entries that are not arguments of the recipe.
_SHARED = ("format", "initializer", "seed")


@dataclass(frozen=True)
class MultiscaleRecipe:
    """Recipe of a multi-scale network: arguments of `multiscale` and a digest of the weights.

    Attributes:
        distribution: Distribution of the kernels, with the network's seed.
        levels: Number of levels; see `multiscale` for this and the following attributes.
        filters: Number of maps per filter size.
        sizes: Height and width of the filters of each bank.
        depth: Number of layers of each level.
        bias_stddev: Standard deviation of the biases.
        activation: "relu" or "linear".
        sha256: Hexadecimal SHA-256 of the weights; "" to compute it on construction.
    """

    distribution: RandomInitializer = dataclasses.field(default_factory=He)
    levels: int = LEVELS
    filters: int = FILTERS
    sizes: tuple[int, ...] = BANK_SIZES
    depth: int = 1
    bias_stddev: float = BIAS_STDDEV
    activation: str = "relu"
    sha256: str = ""

    def __post_init__(self):
        plain_numbers(self)
        if type(self.distribution) not in INITIALIZERS.values():
            expected = f"one of {', '.join(INITIALIZERS)}"
            raise invalid_argument("initializer", expected, self.distribution)
        drawn = self._random_network()
        if not self.sha256:
            object.__setattr__(self, "sha256", weights_digest(drawn.get_weights()))
        object.__setattr__(self, "sizes", tuple(self.sizes))

    def _random_network(self) -> keras.Model:
        return multiscale(
            levels=self.levels,
            filters=self.filters,
            sizes=self.sizes,
            depth=self.depth,
            bias_stddev=self.bias_stddev,
            activation=self.activation,
            initializer=self.distribution,
            seed=self.distribution.seed,
        )

    def build(self) -> keras.Model:
        """Builds the network as `multiscale` does, without standardisation.

        Raises:
            ValueError: The weights differ from those that the recipe was made with.
        """
        model = self._random_network()
        found = weights_digest(model.get_weights())
        if found != self.sha256:
            raise invalid_argument(
                "recipe",
                "weights that are bit-identical to the original's, with SHA-256 "
                f"{self.sha256[:12]}: save the network as a .keras file on the original machine",
                found[:12],
            )
        return model

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the recipe as JSON, atomically; raises `ValueError` if it cannot be written."""
        write_recipe(path, self.as_json())

    def as_json(self) -> str:
        """Returns the recipe as JSON text."""
        return recipe_text(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Returns the recipe as a JSON-serialisable dictionary."""
        return {
            "format": _FORMAT,
            **distribution_values(self.distribution),
            **{
                field.name: getattr(self, field.name)
                for field in dataclasses.fields(self)
                if field.name != "distribution"
            },
        }


def _parsed(values: Mapping[str, Any]) -> MultiscaleRecipe:
    """Parses a recipe; malformed input may also raise, for example, `KeyError` or `TypeError`."""
    given = {key: value for key, value in values.items() if key not in _SHARED}
    digest = given["sha256"]
    if not isinstance(digest, str) or len(digest) != 64:
        raise invalid_argument("sha256", "64 hexadecimal digits", digest)
    return MultiscaleRecipe(parse_distribution(values), **given)


def is_multiscale_recipe(path: str | os.PathLike[str]) -> bool:
    """Returns whether a file declares the format of such a recipe; the rest is not checked."""
    try:
        values = json.loads(Path(path).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and values.get("format") == _FORMAT


def read_multiscale_recipe(path: str | os.PathLike[str], name: str = "recipe") -> MultiscaleRecipe:
    """Reads a recipe.

    Args:
        path: A JSON file written by `MultiscaleRecipe.save`.
        name: Name of the `path` argument in error messages.

    Raises:
        ValueError: There is no such file, or it is not a valid recipe.
    """
    return read_recipe_file(path, name, _FORMAT, _parsed)
