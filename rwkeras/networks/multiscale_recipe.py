"""A multi-scale random network as a recipe: a few hundred bytes of JSON.

The recipe is of the network as it is drawn, and holds nothing of any picture. `standardize` or
`make_ready` brings it to a source again where it is used: the scales are a function of the recipe
and the source. They are not kept, as four bytes for each filter and each bias would be several
times as many as all the rest, and would differ with each source.
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
from rwkeras.images.files import check_output, whole_file
from rwkeras.networks.initializers import INITIALIZERS, He, RandomInitializer
from rwkeras.networks.multiscale import BANK_SIZES, BIAS_STDDEV, FILTERS, LEVELS, multiscale
from rwkeras.validation import check_choice, invalid_argument, plain_numbers

FORMAT = "rwkeras multiscale recipe 1"


@dataclass(frozen=True)
class MultiscaleRecipe:
    """The arguments of `multiscale`, and the digest of the weights that it draws of them.

    Attributes:
        distribution: The distribution of the kernels, with the network's seed.
        levels: See `multiscale`, as for those that follow.
        filters: The maps of each size of filters.
        sizes: The height and width of the filters of each bank.
        depth: The layers of each level.
        bias_stddev: The standard deviation of the biases.
        activation: "relu" or "linear".
        sha256: The digest of the weights, in hexadecimal digits; "" for what is drawn here.
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
        drawn = self._drawn()
        if not self.sha256:
            object.__setattr__(self, "sha256", weights_digest(drawn.get_weights()))
        object.__setattr__(self, "sizes", tuple(self.sizes))

    def _drawn(self) -> keras.Model:
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
        """Makes the network, as `multiscale` returns it: drawn, and not standardised.

        Raises:
            ValueError: Its bits are not those that the recipe was made with.
        """
        model = self._drawn()
        found = weights_digest(model.get_weights())
        if found != self.sha256:
            raise invalid_argument(
                "recipe",
                f"weights with the bits that it was made with, of SHA-256 {self.sha256[:12]}: save "
                "the network as a .keras file where it was made",
                found[:12],
            )
        return model

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the recipe as JSON, whole or not at all; raises `ValueError` if it cannot."""
        with whole_file(check_output(path)) as temporary:
            temporary.write_text(self.as_json())

    def as_json(self) -> str:
        """Returns the recipe as a file's text."""
        return json.dumps(self.as_dict(), indent=1) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """Returns the recipe as JSON has it."""
        config = self.distribution.get_config()
        seed = config.pop("seed")
        names = {kind: name for name, kind in INITIALIZERS.items()}
        return {
            "format": FORMAT,
            "initializer": {"name": names[type(self.distribution)], **config},
            "seed": seed,
            **{
                field.name: getattr(self, field.name)
                for field in dataclasses.fields(self)
                if field.name != "distribution"
            },
        }


def _parsed(values: Mapping[str, Any]) -> MultiscaleRecipe:
    """Returns the recipe that JSON holds; raises what comes of a wrong one."""
    given = dict(values)
    if given.pop("format") != FORMAT:
        raise invalid_argument("format", f"'{FORMAT}'", values["format"])
    config = dict(given.pop("initializer"))
    name = config.pop("name")
    check_choice("initializer", name, INITIALIZERS)
    digest = given["sha256"]
    if not isinstance(digest, str) or len(digest) != 64:
        raise invalid_argument("sha256", "64 hexadecimal digits", digest)
    return MultiscaleRecipe(INITIALIZERS[name](**config, seed=given.pop("seed")), **given)


def is_multiscale_recipe(path: str | os.PathLike[str]) -> bool:
    """Returns whether a file says that it is such a recipe, whatever else is wrong with it."""
    try:
        values = json.loads(Path(path).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and values.get("format") == FORMAT


def read_multiscale_recipe(path: str | os.PathLike[str], name: str = "recipe") -> MultiscaleRecipe:
    """Reads a recipe.

    Args:
        path: A JSON file that `MultiscaleRecipe.save` wrote.
        name: The argument, as the caller spells it, for messages.

    Raises:
        ValueError: There is no such file, or it is not such a recipe.
    """
    if not Path(path).is_file():
        raise invalid_argument(name, "the path of a recipe that exists", str(path))
    try:
        return _parsed(json.loads(Path(path).read_text()))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise invalid_argument(name, f"a recipe, '{FORMAT}'", f"{path} ({reason})") from error
