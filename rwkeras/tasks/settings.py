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
        raise invalid_argument("layers", "what suits the network, see `style_settings`", None)
    return layers


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
_SCALES = "By what sizes the result is made, from coarse to fine; None for at once."
_DRAWS = (
    "By how many draws of the network each size is made, which is drawn anew and standardised on "
    "the source for each; None for as many as suit. See `TaskNetwork`."
)
_SEED = "Seed of the starting noise, and of a network by name."
_SOURCE_WEIGHTS = "How much each of several sources counts, such as 2,1; None for its size."


@dataclass(frozen=True)
class InversionSettings(Settings):
    """Settings of inversion."""

    layer: str = setting("conv4_1", "The layer whose activations are matched.")
    weighting: str = setting("mean_absolute", _WEIGHTING, choices=WEIGHTINGS)
    noise_stddev: float = setting(0.02, _NOISE_STDDEV)
    seed: int = setting(0, "Seed of the starting noise.", minimum=None)


@dataclass(frozen=True)
class TextureSettings(Settings):
    """Settings of texture synthesis."""

    layers: tuple[str, ...] | None = setting(
        None,
        "The layers whose Gram matrices are matched; None for what suits the network, see "
        "`texture_settings`.",
        check=checked_layers,
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
    tileable: bool = setting(
        False,
        "Whether the result can be laid side by side with itself without a seam. It is then "
        "measured by the network of `with_circular_padding`, and the sources, which have borders, "
        "by that of `with_mirrored_padding`; the sides must be multiples of what the network's "
        "poolings take together, 8 for the usual layers.",
    )
    scales: ScaleSettings | None = setting(
        TEXTURE_SCALES,
        f"{_SCALES} Sources are made smaller with it; all longer sides are at least `smallest` at "
        "first.",
    )
    draws: int | None = setting(None, _DRAWS, minimum=1)
    seed: int = setting(0, _SEED, minimum=None)


@dataclass(frozen=True)
class StyleSettings(Settings):
    """Settings of style transfer."""

    content_layers: tuple[str, ...] | None = setting(
        None,
        "The layers whose activations are matched to the content image's; None, of this and the "
        "next five, for what suits the network, see `style_settings`.",
        check=checked_layers,
    )
    style_layers: tuple[str, ...] | None = setting(
        None,
        "The layers whose Gram matrices are matched to the style image's.",
        check=checked_layers,
    )
    content_weight: float | None = setting(None, "How much the content counts, the alpha of Eq. 9.")
    style_weight: float | None = setting(None, "How much the style counts, the beta of Eq. 9.")
    tv_weight: float | None = setting(
        None,
        "How much the sum of squared differences of pixels in [0, 1] counts, the gamma of Eq. 9.",
    )
    content_side: int | None = setting(
        None,
        "The longer side, in pixels, above which the content weight falls in inverse proportion to "
        "the side. See `content_factor`.",
        minimum=1,
    )
    weighting: str = setting("mean_absolute", _WEIGHTING, choices=WEIGHTINGS)
    init: str = setting("content", 'What it starts from: "content" or "noise".', choices=INITS)
    noise_stddev: float = setting(0.02, _NOISE_STDDEV)
    join: str = setting("mean", _JOIN, choices=JOINS)
    source_weights: Sequence[float] | None = setting(None, _SOURCE_WEIGHTS)
    style_scale: float = setting(
        1.0,
        "How large the styles are taken, as a factor of their size: smaller ones give finer "
        "strokes.",
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
