"""Recipes of random networks: a few kilobytes of JSON that reproduce every weight.

A recipe records the distribution and seed of a network's kernels, the candidate selected for each
layer, and each layer's divisor. It gives the same bits in any process and on any processor, under
the assumptions of `rwkeras.portable`: NumPy's Philox and IEEE 754 arithmetic, including the
division by the scales, which are stored exactly. A digest of each kernel is stored and verified
when the network is built.
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rwkeras.backend import keras
from rwkeras.digests import weights_digest
from rwkeras.networks.calibrate import divide_weights
from rwkeras.networks.initializers import INITIALIZERS, RandomInitializer
from rwkeras.networks.recipe_file import (
    distribution_values,
    parse_distribution,
    read_recipe_file,
    recipe_text,
    write_recipe,
)
from rwkeras.networks.vgg import POOLINGS, build_vgg
from rwkeras.networks.vgg_architecture import TOY_VGG, VGG19, Architecture
from rwkeras.validation import (
    check_choice,
    check_number,
    invalid_argument,
    plain_numbers,
    python_number,
)

_FORMAT = "rwkeras recipe 1"
ARCHITECTURES = {architecture.name: architecture for architecture in (VGG19, TOY_VGG)}


class LayerRecipe(NamedTuple):
    """Recipe of one layer.

    Attributes:
        candidate: Index of the random stream of the kernel; 0 is that of `vgg19`.
        scale: Divisor of the kernel, a float32.
        sha256: Hexadecimal SHA-256 of the divided kernel, as little-endian float32.
    """

    candidate: int
    scale: float
    sha256: str


def candidate_kernel(
    distribution: RandomInitializer, layer: str, candidate: int
) -> RandomInitializer:
    """Returns the random stream of a candidate for a layer's kernel.

    Args:
        distribution: The network's distribution, with its seed.
        layer: The layer's name.
        candidate: Index of the candidate, at least 0; 0 is the kernel without selection.
    """
    names = () if candidate == 0 else (f"candidate{candidate}",)
    return distribution.stream(layer, "kernel", *names)


def kernel_digest(kernel: np.ndarray) -> str:
    """Returns the hexadecimal SHA-256 of a kernel's bits."""
    return weights_digest([kernel])


@dataclass(frozen=True)
class Recipe:
    """Recipe of a VGG with selected and scaled random kernels, and zero biases.

    Attributes:
        architecture: "vgg19" or "toy_vgg".
        distribution: Distribution of the kernels, with the network's seed.
        pooling: See `vgg19`.
        subtract_mean: See `vgg19`.
        layers: Recipes of the layers, in forward order. The network ends with the last of them, or
            the pooling that follows it.
    """

    architecture: str
    distribution: RandomInitializer
    pooling: str = "avg"
    subtract_mean: bool = False
    layers: Mapping[str, LayerRecipe] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        plain_numbers(self)
        layers = {
            name: LayerRecipe(*map(python_number, made)) for name, made in self.layers.items()
        }
        object.__setattr__(self, "layers", layers)
        check_choice("architecture", self.architecture, ARCHITECTURES)
        check_choice("pooling", self.pooling, POOLINGS)
        if not isinstance(self.subtract_mean, bool):
            raise invalid_argument("subtract_mean", "true or false", self.subtract_mean)
        known = self._architecture.conv_layers + self._architecture.top_layers
        if tuple(self.layers) != known[: len(self.layers)]:
            raise invalid_argument("layers", f"{', '.join(known)}, or the first", [*self.layers])
        if type(self.distribution) not in INITIALIZERS.values():
            raise invalid_argument(
                "initializer", f"one of {', '.join(INITIALIZERS)}", self.distribution
            )

    @property
    def _architecture(self) -> Architecture:
        return ARCHITECTURES[self.architecture]

    @property
    def top(self) -> tuple[str, ...]:
        """The names of the recipe's fully connected layers."""
        return tuple(name for name in self.layers if name in self._architecture.top_layers)

    def skeleton(self, *, include_top: bool = False) -> keras.Model:
        """Returns the network with zero kernels.

        Args:
            include_top: Whether to add the fully connected layers.
        """
        return build_vgg(
            self._architecture,
            lambda layer: keras.initializers.Zeros(),
            pooling=self.pooling,
            include_top=include_top,
            subtract_mean=self.subtract_mean,
        )

    def kernel(self, layer: str, shape: tuple[int, ...]) -> np.ndarray:
        """Returns a layer's kernel before division, float32 of `shape`."""
        return candidate_kernel(self.distribution, layer, self.layers[layer].candidate).draw(shape)

    def build(self, *, include_top: bool | None = None) -> keras.Model:
        """Builds the network.

        Args:
            include_top: Whether to add fully connected layers; None adds them if the recipe has
                any.

        Returns:
            A functional `keras.Model` like that of `vgg19`.

        Raises:
            ValueError: A layer's weights differ from those that the recipe was made with.
        """
        top = bool(self.top) if include_top is None else include_top
        model = self.skeleton(include_top=top)
        names = [name for name in self.layers if top or name not in self.top]
        for name in names:
            layer = model.get_layer(name)
            layer.kernel.assign(self.kernel(name, tuple(layer.kernel.shape)))
            divide_weights(layer, self.layers[name].scale)
            found = kernel_digest(layer.kernel.numpy())
            if found != self.layers[name].sha256:
                raise invalid_argument(
                    "recipe",
                    f"weights of '{name}' that are bit-identical to the original's, with SHA-256 "
                    f"{self.layers[name].sha256[:12]}: recreate the recipe here with "
                    "tools/stack.py, or save the network as a .keras file on the original machine",
                    found[:12],
                )
        return _truncate(model, names)

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
            "architecture": self.architecture,
            "pooling": self.pooling,
            "subtract_mean": self.subtract_mean,
            **distribution_values(self.distribution),
            "layers": {name: layer._asdict() for name, layer in self.layers.items()},
        }


def _truncate(model: keras.Model, names: list[str]) -> keras.Model:
    """Truncates a model after the last of the named layers, or the pooling that follows it."""
    order = [layer.name for layer in model.layers]
    last = order.index(names[-1]) if names else 0
    if last + 1 < len(order) and order[last + 1].startswith("pool"):
        last += 1
    if last == len(order) - 1:
        return model
    return keras.Model(model.inputs[0], model.layers[last].output, name=model.name)


def _parsed(values: Mapping[str, Any]) -> Recipe:
    """Parses a recipe; malformed input may also raise, for example, `KeyError` or `TypeError`."""
    recipe = Recipe(
        values["architecture"],
        parse_distribution(values),
        values["pooling"],
        values["subtract_mean"],
        {layer: LayerRecipe(**entry) for layer, entry in values["layers"].items()},
    )
    for made in recipe.layers.values():
        check_number("candidate", made.candidate, integer=True)
        check_number("scale", made.scale, exclusive=True)
    return recipe


def read_recipe(path: str | os.PathLike[str], name: str = "recipe") -> Recipe:
    """Reads a recipe.

    Args:
        path: A JSON file written by `Recipe.save`.
        name: Name of the `path` argument in error messages.

    Raises:
        ValueError: There is no such file, or it is not a valid recipe.
    """
    expected = "a recipe written by tools/stack.py"
    return read_recipe_file(path, name, _FORMAT, _parsed, expected)
