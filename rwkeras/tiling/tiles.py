"""Tiles of an image: bounds, and the activations that each accounts for."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.tiling.geometry import Field, spans


class Part(NamedTuple):
    """A tile by its rows and columns, in pixels; see `Span`.

    Attributes:
        start: Where it begins with what it needs of its neighbours, int32, [2], as all of these.
        stop: Where that ends.
        inner_start: Where what it accounts for begins.
        inner_stop: Where that ends.
    """

    start: tf.Tensor
    stop: tf.Tensor
    inner_start: tf.Tensor
    inner_stop: tf.Tensor


class Tiles:
    """The tiles of images of one size.

    Args:
        extractor: The network; see `receptive_fields` for which.
        fields: The receptive fields of its layers by name, and of what is asked of the image.
        shape: [batch, height, width, 3], static.
        tile: See `spans`.
    """

    def __init__(
        self, extractor: keras.Model, fields: Mapping[str, Field], shape: tf.TensorShape, tile: int
    ):
        self.extractor, self.fields, self.shape = extractor, fields, shape
        rows, columns = (spans(side, tile, fields.values()) for side in shape[1:3])
        shapes = extractor.compute_output_shape(tuple(shape))
        self._sides = {layer: tuple(output[1:3]) for layer, output in shapes.items()}
        self._spans = tf.constant([[row, column] for row in rows for column in columns])
        self.count = len(rows) * len(columns)

    def part(self, n: tf.Tensor) -> Part:
        """Returns a tile by its number."""
        return Part(*tf.unstack(tf.gather(self._spans, n), axis=1))

    def crop(self, images: tf.Tensor, part: Part) -> tf.Tensor:
        """Returns a tile of images."""
        return images[:, part.start[0] : part.stop[0], part.start[1] : part.stop[1]]

    def places(self, layer: str, part: Part) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns where the activations that a tile accounts for begin and end, int32, [2] each.

        They are places among the activations of the whole image.
        """
        stride = self.fields[layer].stride
        # Of the image's last pixels a pooling leaves out what is no window; a pyramid does not.
        stop = tf.minimum(-(-part.inner_stop // stride), self._sides[layer])
        return part.inner_start // stride, stop

    def inner(self, layer: str, activations: tf.Tensor, part: Part) -> tf.Tensor:
        """Returns those of a tile's activations that it accounts for, [batch, n, maps]."""
        first = part.start // self.fields[layer].stride
        start, stop = (place - first for place in self.places(layer, part))
        inner = activations[:, start[0] : stop[0], start[1] : stop[1]]
        shape = tf.shape(inner)
        flat = tf.reshape(inner, [shape[0], shape[1] * shape[2], activations.shape[3]])
        return tf.cast(flat, tf.float32)

    def positions(self, layer: str) -> float:
        """Returns how many activations each map of a layer has in all."""
        return float(math.prod(self._sides[layer]))
