"""Served task that applies an image-to-image network in one pass."""

from dataclasses import dataclass

import tensorflow as tf

from rwkeras.serving.graph.task import Option
from rwkeras.serving.settings import ServingSettings


@dataclass(frozen=True)
class ServedDecoder:
    """Returns the network's output for each `source`, clipped to [0, 1]."""

    @property
    def layers(self) -> dict[str, tuple[str, ...]]:
        """See `ServedTask`."""
        return {"source": ()}

    def options(self, settings: ServingSettings) -> dict[str, Option]:
        """See `ServedTask`."""
        return {}

    @property
    def output_specs(self) -> dict[str, tf.TensorSpec]:
        """See `ServedTask`."""
        return {}

    @property
    def terms(self) -> tuple[str, ...]:
        """See `ServedTask`."""
        return ()

    def run(self, model, images, options) -> dict[str, tf.Tensor]:
        """See `ServedTask`."""
        return {"image": tf.clip_by_value(model(images["source"], training=False)[0], 0, 1)}
