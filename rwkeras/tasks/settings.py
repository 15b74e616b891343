"""The defaults of the three tasks, stated once."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.multiscale import JOINT, gram_layers, multiscale_layers
from rwkeras.objectives.balance import WEIGHTINGS
from rwkeras.objectives.joining import JOINS
from rwkeras.validation import (
    check_choice,
    check_number,
    invalid_argument,
    plain_numbers,
    python_number,
)

# What a style starts from, by name.
INITS = ("content", "noise")


def layer_names(name: str, layers: Sequence[str]) -> tuple[str, ...]:
    """Returns layers as a tuple, or raises `ValueError` unless they are names that differ."""
    names = () if isinstance(layers, str) else tuple(layers)
    if not names or len(set(names)) < len(names) or not all(isinstance(n, str) for n in names):
        raise invalid_argument(name, "one or more names of different layers", layers)
    return names


@dataclass(frozen=True)
class InversionSettings:
    """Settings of inversion.

    Attributes:
        layer: The layer whose activations are matched.
        weighting: How the loss is weighted; see `balance`. One loss has the same minimum
            whatever its weight.
        noise_stddev: Of the noise that it starts from, for pixels in [0, 1].
    """

    layer: str = "conv4_1"
    weighting: str = "mean_absolute"
    noise_stddev: float = 0.02

    def __post_init__(self):
        plain_numbers(self)
        check_choice("weighting", self.weighting, WEIGHTINGS)
        check_number("noise_stddev", self.noise_stddev)


@dataclass(frozen=True)
class TextureSettings:
    """Settings of texture synthesis.

    Attributes:
        layers: The layers whose Gram matrices are matched.
        output_size: (width, height) of the result in pixels; None for the source's.
        weighting: How the layers' losses are weighted; see `balance`.
        noise_stddev: Of the noise that it starts from, for pixels in [0, 1].
        join: How the Gram matrices of several sources become one; see `join_grams`.
        source_weights: How much each of several sources counts; None for its size.
    """

    layers: tuple[str, ...] = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")
    output_size: tuple[int, int] | None = None
    weighting: str = "mean_absolute"
    noise_stddev: float = 0.02
    join: str = "mean"
    source_weights: Sequence[float] | None = None

    def __post_init__(self):
        plain_numbers(self)
        layer_names("layers", self.layers)
        check_choice("weighting", self.weighting, WEIGHTINGS)
        check_choice("join", self.join, JOINS)
        if self.source_weights is not None:
            weights = tuple(map(python_number, self.source_weights))
            object.__setattr__(self, "source_weights", weights)
        check_number("noise_stddev", self.noise_stddev)
        if self.output_size is not None:
            if not isinstance(self.output_size, tuple) or len(self.output_size) != 2:
                raise invalid_argument("output_size", "(width, height)", self.output_size)
            for side in self.output_size:
                check_number("output_size", side, integer=True, minimum=2)


@dataclass(frozen=True)
class StyleSettings:
    """Settings of style transfer.

    Attributes:
        content_layers: The layers whose activations are matched to the content image's.
        style_layers: The layers whose Gram matrices are matched to the style image's.
        content_weight: The alpha of Eq. 9.
        style_weight: The beta of Eq. 9.
        tv_weight: The gamma of Eq. 9, for the sum of squared differences of pixels in [0, 1].
        content_side: The longer side, in pixels, above which the content weight falls in inverse
            proportion to the side; None for never. See `content_factor`.
        weighting: How the layers' losses are weighted among each other; see `balance`.
        init: What it starts from: "content" or "noise".
        noise_stddev: Of the noise, for pixels in [0, 1].
        join: How the Gram matrices of several styles become one; see `join_grams`.
        source_weights: How much each of several styles counts; None for its size.
    """

    content_layers: tuple[str, ...] = ("conv2_2",)
    style_layers: tuple[str, ...] = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
    content_weight: float = 1.0
    style_weight: float = 100.0
    tv_weight: float = 1.0
    content_side: int | None = None
    weighting: str = "mean_absolute"
    init: str = "content"
    noise_stddev: float = 0.02
    join: str = "mean"
    source_weights: Sequence[float] | None = None

    def __post_init__(self):
        plain_numbers(self)
        layer_names("content_layers", self.content_layers)
        layer_names("style_layers", self.style_layers)
        for name in ("content_weight", "style_weight", "tv_weight", "noise_stddev"):
            check_number(name, getattr(self, name))
        if self.content_side is not None:
            check_number("content_side", self.content_side, integer=True, minimum=1)
        check_choice("weighting", self.weighting, WEIGHTINGS)
        check_choice("init", self.init, INITS)
        check_choice("join", self.join, JOINS)
        if self.source_weights is not None:
            weights = tuple(map(python_number, self.source_weights))
            object.__setattr__(self, "source_weights", weights)

    def content_factor(self, side: Any) -> Any:
        """Returns what the content weight is multiplied by for a picture of a longer side.

        Strokes keep their place among the pixels when a picture grows, and content does not: of a
        larger photograph, more is detail that a network of small filters sees, and that outweighs
        the strokes, until it is a photograph with a grain.

        Args:
            side: In pixels, int or int32, [].

        Returns:
            min(1, content_side / side): a number, or float32, [].
        """
        if self.content_side is None:
            return 1.0
        if isinstance(side, tf.Tensor):
            return tf.minimum(1.0, self.content_side / tf.cast(side, tf.float32))
        return min(1.0, self.content_side / side)


# "multiscale" is of that network: features of all levels, far lighter than style, let go of the
# content evenly. The others are of a VGG-19. The papers give content : style : tv = 100 : 1 : 1000
# without their units. With pixels in [0, 1], balanced layers and a total variation summed over the
# image, as here, that is a blurred copy of the content. With the total variation as a mean over
# pixels and channels, as "paper" has it for an image of 256 x 256, the copy is sharp, but still a
# copy. It paints once content and style trade places, 1 : 100, as in "painting".
STYLE_PRESETS = {
    "multiscale": StyleSettings(
        content_layers=multiscale_layers(),
        style_layers=gram_layers(),
        content_weight=0.2,
        tv_weight=0.0,
        content_side=256,
    ),
    "painting": StyleSettings(),
    "paper": StyleSettings(
        content_weight=100.0, style_weight=1.0, tv_weight=1000 / (256 * 256 * 3)
    ),
}


def is_multiscale(model: keras.Model) -> bool:
    """Returns whether a network has the layers of `multiscale`."""
    names = {layer.name for layer in model.layers}
    return names.issuperset(multiscale_layers(1))


def _levels(model: keras.Model) -> tuple[str, ...]:
    """Returns the layers that hold the maps of each level of a multi-scale network."""
    names = {layer.name for layer in model.layers}
    return tuple(name for name in multiscale_layers(len(names)) if name in names)


def texture_layers(model: keras.Model) -> tuple[str, ...]:
    """Returns the layers whose Gram matrices make textures.

    They are those of `gram_layers`, or the levels of a multi-scale network that has not the maps of
    all on one grid, or the paper's of a VGG.
    """
    if not is_multiscale(model):
        return TextureSettings.layers
    levels = _levels(model)
    joined = any(layer.name == JOINT for layer in model.layers)
    return gram_layers(len(levels)) if joined else levels


def style_settings(model: keras.Model) -> StyleSettings:
    """Returns the settings of styles that suit a network: "multiscale", or "painting" of a VGG."""
    if not is_multiscale(model):
        return STYLE_PRESETS["painting"]
    return dataclasses.replace(
        STYLE_PRESETS["multiscale"],
        content_layers=_levels(model),
        style_layers=texture_layers(model),
    )
