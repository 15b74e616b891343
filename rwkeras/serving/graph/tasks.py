"""The three tasks as a graph has them: one image at a time, options that come as tensors.

They are the tasks of `rwkeras.tasks` to the rounding of float32, not to the bit: the graphs differ,
and the order of sums is left to TensorFlow, the processor and the number of threads. On one machine
a graph gives the same request the same bits each time, alone or in a batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.objectives.objective import Objective, tv_term
from rwkeras.random import derive_seed, stateless_normal
from rwkeras.serving.graph.descent import Budget, minimize
from rwkeras.serving.settings import ServingSettings
from rwkeras.tasks.invert import inversion_objective
from rwkeras.tasks.settings import InversionSettings, StyleSettings, TextureSettings
from rwkeras.tasks.style import style_parts
from rwkeras.tasks.texture import texture_objective


class Option(NamedTuple):
    """An input that need not be given.

    Attributes:
        default: What it is if it is not given, a tensor of shape [].
        minimum: What it may be at least, or None.
        maximum: What it may be at most, or None.
    """

    default: tf.Tensor
    minimum: float | None = None
    maximum: float | None = None


class ServedTask(Protocol):
    """A task that can be exported."""

    @property
    def layers(self) -> Mapping[str, tuple[str, ...]]:
        """For each image that it takes, by name, the layers whose activations it takes of it."""

    def options(self, settings: ServingSettings) -> Mapping[str, Option]:
        """Returns what else it takes, by name, as the settings bound it."""

    @property
    def answers(self) -> Mapping[str, tf.TensorSpec]:
        """What it answers of an image, by name, besides another image."""

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of its losses, in the order in which they are answered."""

    def run(
        self,
        model: keras.Model,
        images: Mapping[str, tf.Tensor],
        options: Mapping[str, tf.Tensor],
    ) -> Mapping[str, tf.Tensor]:
        """Returns the answers, and "image", for one of each image, [1, height, width, 3]."""


class _Optimization:
    """What tasks have in common that optimise an image."""

    def _budget(self, settings: ServingSettings) -> dict[str, Option]:
        """Returns the options that bound the work."""
        iterations, evaluations = settings.max_iterations, settings.max_evaluations
        limit = settings.evaluations_limit
        return {
            "max_iterations": Option(tf.constant(iterations), 0, limit),
            "max_evaluations": Option(tf.constant(evaluations), 0, limit),
        }

    @property
    def answers(self) -> Mapping[str, tf.TensorSpec]:
        return {
            "loss": tf.TensorSpec([], tf.float32),
            "initial_loss": tf.TensorSpec([], tf.float32),
            "losses": tf.TensorSpec([None], tf.float32),
            "iterations": tf.TensorSpec([], tf.int32),
            "evaluations": tf.TensorSpec([], tf.int32),
            "converged": tf.TensorSpec([], tf.bool),
            "failed": tf.TensorSpec([], tf.bool),
        }

    def _minimized(
        self,
        model: keras.Model,
        objective: Objective,
        start: tf.Tensor,
        options: Mapping[str, tf.Tensor],
    ) -> dict[str, tf.Tensor]:
        """Returns the outcome within the budget that the options give."""
        budget = Budget(options["max_iterations"], options["max_evaluations"])
        return minimize(model, objective, start, budget)._asdict()


def _noise_seed() -> tf.Tensor:
    """Returns the seed of the noise from which a task with seed 0 starts."""
    return tf.constant(derive_seed(0, "noise"), tf.int64)


def _noise(shape: tf.Tensor, seed: tf.Tensor, stddev: float) -> tf.Tensor:
    """Returns the start of `starting_noise` over pixels, of a shape and seed of the graph."""
    noise = 0.5 + stddev * stateless_normal(shape, seed)
    return tf.ensure_shape(noise, [1, None, None, 3])


@dataclass(frozen=True)
class ServedStyle(_Optimization):
    """Repaints `content` in the style of `style`; see `transfer_style`.

    Attributes:
        settings: The layers, and the weights that are taken if none are given.
    """

    settings: StyleSettings = StyleSettings()

    @property
    def layers(self) -> dict[str, tuple[str, ...]]:
        return {"content": self.settings.content_layers, "style": self.settings.style_layers}

    def options(self, settings: ServingSettings) -> dict[str, Option]:
        names = ("content_weight", "style_weight", "tv_weight")
        weights = {name: getattr(self.settings, name) for name in names}
        options = {name: Option(tf.constant(weight), 0.0) for name, weight in weights.items()}
        if self.settings.init == "noise":
            options["noise_seed"] = Option(_noise_seed())
        return {**options, **self._budget(settings)}

    @property
    def terms(self) -> tuple[str, ...]:
        content = [f"content/{layer}" for layer in self.settings.content_layers]
        return (*content, *(f"style/{layer}" for layer in self.settings.style_layers), "tv")

    def run(self, model, images, options) -> dict[str, tf.Tensor]:
        content, style = images["content"], images["style"]
        painted, manner = style_parts(model, content, style, self.settings)
        objective = (
            options["content_weight"] * painted
            + options["style_weight"] * manner
            + options["tv_weight"] * tv_term()
        )
        start = content
        if self.settings.init == "noise":
            start = _noise(tf.shape(content), options["noise_seed"], self.settings.noise_stddev)
        return self._minimized(model, objective, start, options)


@dataclass(frozen=True)
class ServedTexture(_Optimization):
    """Synthesises a texture like `texture`; see `synthesize_texture`.

    Attributes:
        settings: The layers, and how they are weighted.
    """

    settings: TextureSettings = TextureSettings()

    @property
    def layers(self) -> dict[str, tuple[str, ...]]:
        return {"texture": self.settings.layers}

    def options(self, settings: ServingSettings) -> dict[str, Option]:
        # A side of 0 is that of the source.
        width, height = self.settings.output_size or (0, 0)
        sides = {
            name: Option(tf.constant(side), 0, settings.max_side)
            for name, side in (("width", width), ("height", height))
        }
        return {**sides, "noise_seed": Option(_noise_seed()), **self._budget(settings)}

    @property
    def terms(self) -> tuple[str, ...]:
        return tuple(f"texture/{layer}" for layer in self.settings.layers)

    def run(self, model, images, options) -> dict[str, tf.Tensor]:
        texture = images["texture"]
        objective = texture_objective(model, texture, self.settings)
        shape = tf.shape(texture)
        asked = tf.stack([1, options["height"], options["width"], 3])
        shape = tf.where(asked > 0, asked, shape)
        start = _noise(shape, options["noise_seed"], self.settings.noise_stddev)
        return self._minimized(model, objective, start, options)


@dataclass(frozen=True)
class ServedInversion(_Optimization):
    """Recovers `source` from its activations at a layer; see `invert`.

    It starts from white noise over pixels, as `invert` does with parametrization="pixels": the
    coordinates that adapt to a layer are worked out for one size of image.

    Attributes:
        settings: The layer, and how its loss is weighted.
    """

    settings: InversionSettings = InversionSettings()

    @property
    def layers(self) -> dict[str, tuple[str, ...]]:
        return {"source": (self.settings.layer,)}

    def options(self, settings: ServingSettings) -> dict[str, Option]:
        return {"noise_seed": Option(_noise_seed()), **self._budget(settings)}

    @property
    def terms(self) -> tuple[str, ...]:
        return (f"content/{self.settings.layer}",)

    def run(self, model, images, options) -> dict[str, tf.Tensor]:
        source = images["source"]
        objective = inversion_objective(model, source, self.settings)
        start = _noise(tf.shape(source), options["noise_seed"], self.settings.noise_stddev)
        return self._minimized(model, objective, start, options)
