"""Interface of served tasks."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.serving.settings import ServingSettings


class Option(NamedTuple):
    """An optional input with its default and bounds.

    Attributes:
        default: Default value, a tensor of shape [].
        minimum: Smallest value allowed; None for any.
        maximum: Largest value allowed; None for any.
        side_of: For a side of the result, in pixels, or 0: the name of an input image. Values other
            than 0 must be at least the side that the layers of that image need.
    """

    default: tf.Tensor
    minimum: float | None = None
    maximum: float | None = None
    side_of: str | None = None


class ServedTask(Protocol):
    """Interface of tasks that can be exported."""

    @property
    def layers(self) -> Mapping[str, tuple[str, ...]]:
        """Layers evaluated at the size of each input image, by image name."""

    def options(self, settings: ServingSettings) -> Mapping[str, Option]:
        """Returns the options by name, within the limits of the settings."""

    @property
    def output_specs(self) -> Mapping[str, tf.TensorSpec]:
        """Specs of the outputs for one image, by name, besides the resulting image."""

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the losses, in output order."""

    def run(
        self,
        model: keras.Model,
        images: Mapping[str, tf.Tensor],
        options: Mapping[str, tf.Tensor],
    ) -> Mapping[str, tf.Tensor]:
        """Returns the outputs, and "image", for one of each image, [1, height, width, 3]."""
