"""Served versions of the three tasks: one image at a time, with options as tensors.

Their results equal those of `rwkeras.tasks` up to float32 rounding, not bit for bit: the graphs
differ, and the order of sums depends on TensorFlow, the processor and the number of threads. On one
machine a graph answers equal requests with equal bits, alone or in a batch.
"""

import dataclasses
from dataclasses import dataclass

import tensorflow as tf

from rwkeras.objectives.objective import tv_term
from rwkeras.serving.graph.optimization import (
    Optimization,
    ScaledOptimization,
    noise,
    noise_seed,
)
from rwkeras.serving.graph.task import Option
from rwkeras.serving.settings import ServingSettings
from rwkeras.settings import Settings, settings_fields
from rwkeras.tasks.invert import inversion_objective
from rwkeras.tasks.presets import STYLE_PRESETS, VGG_LAYERS, fill_defaults
from rwkeras.tasks.scales import ScaleSettings
from rwkeras.tasks.settings import InversionSettings, StyleSettings, TextureSettings, require_layers
from rwkeras.tasks.style_objective import style_parts
from rwkeras.tasks.texture import texture_objective
from rwkeras.validation import invalid_argument

# Largest weight of a loss term; far larger ones would make the loss infinite.
_LARGEST_WEIGHT = 1e12


def _check_served(settings: Settings, *names: str) -> None:
    """Raises `ValueError` unless the named settings, which are not served, have their defaults."""
    for field in settings_fields(type(settings)):
        value = getattr(settings, field.name)
        if field.name in names and value != field.default:
            raise invalid_argument(field.name, f"{field.default!r} in a served task", value)


@dataclass(frozen=True)
class ServedStyle(ScaledOptimization):
    """Repaints `content` in the style of `style`; see `transfer_style`.

    With `scales`, `max_iterations` limits the first size, and `max_evaluations`, unless 0, all
    sizes together. Unlike `transfer_style` with a named network, all sizes use one network, the
    exported one: it is not redrawn, and was standardised on a reference instead of the style.
    Results equal those of `transfer_style` with that network as a model, except that no side is
    scaled below what the layers need.

    Attributes:
        settings: The layers, the default weights and the sizes. Layers and weights that are None
            are those of the preset "painting"; for other networks see `style_settings`.
    """

    settings: StyleSettings = StyleSettings()

    def __post_init__(self):
        _check_served(self.settings, "draws", "join", "source_weights", "style_scale")
        settings = fill_defaults(self.settings, STYLE_PRESETS["painting"])
        object.__setattr__(self, "settings", settings)

    @property
    def scales(self) -> ScaleSettings | None:
        return self.settings.scales

    @property
    def layers(self) -> dict[str, tuple[str, ...]]:
        content = require_layers(self.settings.content_layers)
        style = require_layers(self.settings.style_layers)
        # The result has the content's size.
        return {"content": tuple(dict.fromkeys(content + style)), "style": style}

    def options(self, settings: ServingSettings) -> dict[str, Option]:
        names = ("content_weight", "style_weight", "tv_weight")
        weights = {name: getattr(self.settings, name) for name in names}
        options = {
            name: Option(tf.constant(weight), 0.0, _LARGEST_WEIGHT)
            for name, weight in weights.items()
        }
        if self.settings.init == "noise":
            options["noise_seed"] = Option(noise_seed(self.settings.seed))
        return {**options, **self.budget(settings)}

    @property
    def terms(self) -> tuple[str, ...]:
        content = [f"content/{layer}" for layer in require_layers(self.settings.content_layers)]
        style = [f"style/{layer}" for layer in require_layers(self.settings.style_layers)]
        return (*content, *style, "tv")

    def run(self, model, images, options) -> dict[str, tf.Tensor]:
        content, style = images["content"], images["style"]
        size = tf.shape(content)[1:3]
        factor = self.settings.content_factor(tf.reduce_max(size))

        def objective(at):
            images = at.images(content), at.images(style)
            content_part, style_part = style_parts(model, *images, self.settings)
            return (
                factor * options["content_weight"] * content_part
                + options["style_weight"] * style_part
                + options["tv_weight"] * tv_term()
            )

        def start(at):
            if self.settings.init == "noise":
                return noise(at.size(size), options["noise_seed"], self.settings.noise_stddev)
            return at.images(content)

        return self.optimize_at_scales(model, objective, start, size, [content], options)


@dataclass(frozen=True)
class ServedTexture(ScaledOptimization):
    """Synthesises a texture like `texture`; see `synthesize_texture`.

    With `scales` it is made from coarse to fine, like a `ServedStyle`.

    Attributes:
        settings: The layers, their weights and the sizes. Layers that are None are those of a VGG;
            for other networks see `texture_settings`.
    """

    settings: TextureSettings = TextureSettings()

    def __post_init__(self):
        _check_served(self.settings, "draws", "join", "source_weights", "tileable")
        layers = self.settings.layers or VGG_LAYERS
        settings = dataclasses.replace(self.settings, layers=layers)
        object.__setattr__(self, "settings", settings)

    @property
    def scales(self) -> ScaleSettings | None:
        return self.settings.scales

    @property
    def layers(self) -> dict[str, tuple[str, ...]]:
        return {"texture": require_layers(self.settings.layers)}

    def options(self, settings: ServingSettings) -> dict[str, Option]:
        # 0 stands for the source's side.
        width, height = self.settings.output_size or (0, 0)
        sides = {
            name: Option(tf.constant(side), 0, settings.max_side, "texture")
            for name, side in (("width", width), ("height", height))
        }
        return {
            **sides,
            "noise_seed": Option(noise_seed(self.settings.seed)),
            **self.budget(settings),
        }

    @property
    def terms(self) -> tuple[str, ...]:
        return tuple(f"texture/{layer}" for layer in self.layers["texture"])

    def run(self, model, images, options) -> dict[str, tf.Tensor]:
        texture = images["texture"]
        asked = tf.stack([options["height"], options["width"]])
        size = tf.where(asked > 0, asked, tf.shape(texture)[1:3])

        def objective(at):
            return texture_objective(model, at.images(texture), self.settings)

        def start(at):
            return noise(at.size(size), options["noise_seed"], self.settings.noise_stddev)

        return self.optimize_at_scales(model, objective, start, size, [texture], options)


@dataclass(frozen=True)
class ServedInversion(Optimization):
    """Recovers `source` from its activations at a layer; see `invert`.

    It starts from white noise over pixels, like `invert` with parametrization="pixels":
    coordinates that adapt to a layer are computed for one image size.

    Attributes:
        settings: The layer and the weighting of its loss.
    """

    settings: InversionSettings = InversionSettings()

    @property
    def layers(self) -> dict[str, tuple[str, ...]]:
        return {"source": (self.settings.layer,)}

    def options(self, settings: ServingSettings) -> dict[str, Option]:
        return {"noise_seed": Option(noise_seed(self.settings.seed)), **self.budget(settings)}

    @property
    def terms(self) -> tuple[str, ...]:
        return (f"content/{self.settings.layer}",)

    def run(self, model, images, options) -> dict[str, tf.Tensor]:
        source = images["source"]
        objective = inversion_objective(model, source, self.settings)
        start = noise(tf.shape(source)[1:3], options["noise_seed"], self.settings.noise_stddev)
        return self.optimize(model, objective, start, options)
