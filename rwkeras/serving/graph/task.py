"""Interface of served tasks."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.serving.settings import ServingSettings


class Option(NamedTuple):
    """An optional input with its default and bounds.

    Attributes:
        default: What it is if it is not given, a tensor of shape [].
        minimum: What it may be at least, or None.
        maximum: What it may be at most, or None.
        side_of: For a side of what is made, in pixels, or 0: an image that the task takes. It may
            not be less than what all layers need that are taken of that image.
    """

    default: tf.Tensor
    minimum: float | None = None
    maximum: float | None = None
    side_of: str | None = None


class ServedTask(Protocol):
    """Interface of tasks that can be exported."""

    @property
    def layers(self) -> Mapping[str, tuple[str, ...]]:
        """For each image that it takes, by name, the layers that are evaluated at its size."""

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
