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
from rwkeras.settings import Settings, setting
from rwkeras.validation import check_number, invalid_argument

# What a style starts from, by name.
INITS = ("content", "noise")


def layer_names(name: str, layers: Sequence[str]) -> tuple[str, ...]:
    """Returns layers as a tuple, or raises `ValueError` unless they are names that differ."""
    names = () if isinstance(layers, str) else tuple(layers)
    if not names or len(set(names)) < len(names) or not all(isinstance(n, str) for n in names):
        raise invalid_argument(name, "one or more names of different layers", layers)
    return names


def _checked_size(name: str, size: Any) -> tuple[int, int]:
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise invalid_argument(name, "(width, height)", size)
    for side in size:
        check_number(name, side, integer=True, minimum=2)
    return size[0], size[1]


_WEIGHTING = (
    "How the gradients of layers are measured to balance their losses; see `balance`. One loss has "
    "the same minimum whatever its weight."
)
_NOISE_STDDEV = "Standard deviation of the noise that it starts from, for pixels in [0, 1]."
_JOIN = (
    'How the Gram matrices of several sources become one: "mean", that of their union, "max" or '
    '"log_euclidean"; see `join_grams`.'
)
_SOURCE_WEIGHTS = "How much each of several sources counts, such as 2,1; None for its size."


@dataclass(frozen=True)
class InversionSettings(Settings):
    """Settings of inversion."""

    layer: str = setting("conv4_1", "The layer whose activations are matched.")
    weighting: str = setting("mean_absolute", _WEIGHTING, choices=WEIGHTINGS)
    noise_stddev: float = setting(0.02, _NOISE_STDDEV)


@dataclass(frozen=True)
class TextureSettings(Settings):
    """Settings of texture synthesis."""

    layers: tuple[str, ...] = setting(
        ("conv1_1", "conv2_1", "conv3_1", "conv4_1"),
        "The layers whose Gram matrices are matched.",
        check=layer_names,
    )
    output_size: tuple[int, int] | None = setting(
        None,
        "(width, height) of the result in pixels; None for the source's.",
        check=_checked_size,
    )
    weighting: str = setting("mean_absolute", _WEIGHTING, choices=WEIGHTINGS)
    noise_stddev: float = setting(0.02, _NOISE_STDDEV)
    join: str = setting("mean", _JOIN, choices=JOINS)
    source_weights: Sequence[float] | None = setting(None, _SOURCE_WEIGHTS)


@dataclass(frozen=True)
class StyleSettings(Settings):
    """Settings of style transfer."""

    content_layers: tuple[str, ...] = setting(
        ("conv2_2",),
        "The layers whose activations are matched to the content image's.",
        check=layer_names,
    )
    style_layers: tuple[str, ...] = setting(
        ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"),
        "The layers whose Gram matrices are matched to the style image's.",
        check=layer_names,
    )
    content_weight: float = setting(1.0, "How much the content counts, the alpha of Eq. 9.")
    style_weight: float = setting(100.0, "How much the style counts, the beta of Eq. 9.")
    tv_weight: float = setting(
        1.0,
        "How much the sum of squared differences of pixels in [0, 1] counts, the gamma of Eq. 9.",
    )
    content_side: int | None = setting(
        None,
        "The longer side, in pixels, above which the content weight falls in inverse proportion to "
        "the side; None for never. See `content_factor`.",
        minimum=1,
    )
    weighting: str = setting("mean_absolute", _WEIGHTING, choices=WEIGHTINGS)
    init: str = setting("content", 'What it starts from: "content" or "noise".', choices=INITS)
    noise_stddev: float = setting(0.02, _NOISE_STDDEV)
    join: str = setting("mean", _JOIN, choices=JOINS)
    source_weights: Sequence[float] | None = setting(None, _SOURCE_WEIGHTS)

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
