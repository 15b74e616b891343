"""Settings of inversion, texture synthesis and style transfer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from rwkeras.networks.features import checked_layers
from rwkeras.objectives.balance import WEIGHTINGS
from rwkeras.objectives.joining import JOINS
from rwkeras.settings import Settings, setting
from rwkeras.tasks.scales import ScaleSettings
from rwkeras.validation import check_number, invalid_argument

# Initial images of style transfer, by name.
INITS = ("content", "noise")
# Default image sizes. Textures start smaller, as their structure forms at the first size.
TEXTURE_SCALES, STYLE_SCALES = ScaleSettings(), ScaleSettings(smallest=64)


def require_layers(layers: tuple[str, ...] | None) -> tuple[str, ...]:
    """Returns the layers of completed settings; raises `ValueError` if they are None."""
    if layers is None:
        raise invalid_argument(
            "layers", "layer names, or settings completed by `style_settings`", None
        )
    return layers


def _checked_size(name: str, size: Any) -> tuple[int, int]:
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise invalid_argument(name, "(width, height)", size)
    for side in size:
        check_number(name, side, integer=True, minimum=2)
    return size[0], size[1]


_WEIGHTING = (
    "Measure of each layer's gradient by which the layers' losses are balanced; see `balance`. "
    "With a single loss, the minimum does not depend on it."
)
_NOISE_STDDEV = "Standard deviation of the initial noise, for pixels in [0, 1]."
_JOIN = (
    'How the Gram matrices of several sources are combined: "mean", that of their union, "max" or '
    '"log_euclidean"; see `join_grams`.'
)
_SCALES = "Image sizes of coarse-to-fine synthesis; None for the final size only."
# Default number of draws per image size of networks that are redrawn, found by experiment.
DRAWS = 4
_DRAWS = (
    "Number of draws of the network per image size, each standardised on the source; None for "
    f"{DRAWS} of a network by name such as multiscale; other networks are not redrawn."
)
_SEED = "Seed of the initial noise, and of a network given by name."
_SOURCE_WEIGHTS = "Weights of several sources, such as 2,1; None for weights by size."


@dataclass(frozen=True)
class InversionSettings(Settings):
    """Settings of inversion."""

    layer: str = setting("conv4_1", "Layer whose activations are matched.")
    weighting: str = setting("mean_absolute", _WEIGHTING, choices=WEIGHTINGS)
    noise_stddev: float = setting(0.02, _NOISE_STDDEV)
    seed: int = setting(0, "Seed of the initial noise.", minimum=None)


@dataclass(frozen=True)
class TextureSettings(Settings):
    """Settings of texture synthesis."""

    layers: tuple[str, ...] | None = setting(
        None,
        "Layers whose Gram matrices are matched; None for the network's default, see "
        "`texture_settings`.",
        check=checked_layers,
    )
    output_size: tuple[int, int] | None = setting(
        None,
        "(width, height) of the result in pixels; None for the source's size.",
        check=_checked_size,
    )
    weighting: str = setting("mean_absolute", _WEIGHTING, choices=WEIGHTINGS)
    noise_stddev: float = setting(0.02, _NOISE_STDDEV)
    join: str = setting("mean", _JOIN, choices=JOINS)
    source_weights: Sequence[float] | None = setting(None, _SOURCE_WEIGHTS)
    tileable: bool = setting(
        False,
        "Whether the result tiles without seams. It is then evaluated by the network of "
        "`with_circular_padding`, and the sources, which have borders, by that of "
        "`with_mirrored_padding`; the sides must be multiples of the total stride of the "
        "network's pooling layers, 8 with the default layers.",
    )
    scales: ScaleSettings | None = setting(
        TEXTURE_SCALES,
        f"{_SCALES} Sources are scaled down alike; at the first size, all longer sides are at "
        "least `smallest`.",
    )
    draws: int | None = setting(None, _DRAWS, minimum=1)
    seed: int = setting(0, _SEED, minimum=None)


@dataclass(frozen=True)
class StyleSettings(Settings):
    """Settings of style transfer."""

    content_layers: tuple[str, ...] | None = setting(
        None,
        "Layers whose activations are matched to the content image's; None for the network's "
        "default, see `style_settings`.",
        check=checked_layers,
    )
    style_layers: tuple[str, ...] | None = setting(
        None,
        "Layers whose Gram matrices are matched to the style image's; None for the network's "
        "default.",
        check=checked_layers,
    )
    content_weight: float | None = setting(
        None, "Weight of the content, alpha of Eq. 9; None for the network's default."
    )
    style_weight: float | None = setting(
        None, "Weight of the style, beta of Eq. 9; None for the network's default."
    )
    tv_weight: float | None = setting(
        None,
        "Weight of the total variation, gamma of Eq. 9: of the sum of squared differences of "
        "neighbouring pixels in [0, 1]; None for the network's default.",
    )
    content_side: int | None = setting(
        None,
        "Longer side in pixels above which the content weight decreases in inverse proportion to "
        "the side, see `content_factor`; None for the network's default.",
        minimum=1,
    )
    weighting: str = setting("mean_absolute", _WEIGHTING, choices=WEIGHTINGS)
    init: str = setting("content", 'Initial image: "content" or "noise".', choices=INITS)
    noise_stddev: float = setting(0.02, _NOISE_STDDEV)
    join: str = setting("mean", _JOIN, choices=JOINS)
    source_weights: Sequence[float] | None = setting(None, _SOURCE_WEIGHTS)
    style_scale: float = setting(
        1.0,
        "Factor by which the styles are resized; smaller styles give finer strokes.",
        exclusive=True,
    )
    scales: ScaleSettings | None = setting(STYLE_SCALES, _SCALES)
    draws: int | None = setting(None, _DRAWS, minimum=1)
    seed: int = setting(0, _SEED, minimum=None)

    def content_factor(self, side: Any) -> Any:
        """Returns the factor of the content weight for an image of a given longer side.

        Strokes have a fixed size in pixels, content does not: the larger a photograph, the more
        detail it has at the scale of small filters. At a constant weight, this detail would
        outweigh the strokes and the result would be a photograph with added grain.

        Args:
            side: Longer side in pixels, int or int32, [].

        Returns:
            min(1, content_side / side), a number or float32, []; 1 if `content_side` is None.
        """
        if self.content_side is None:
            return 1.0
        if isinstance(side, tf.Tensor):
            return tf.minimum(1.0, self.content_side / tf.cast(side, tf.float32))
        return min(1.0, self.content_side / side)
