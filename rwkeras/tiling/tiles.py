"""Tiles of an image: their bounds and their inner activations."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.tiling.geometry import Field, spans


class Part(NamedTuple):
    """Extent of a tile, (row, column) in pixels, each int32 [2]; see `Span`.

    Attributes:
        start: Start of the tile including its overlap with the neighbours.
        stop: End of that, exclusive.
        inner_start: Start of the tile without overlap.
        inner_stop: End of that, exclusive.
    """

    start: tf.Tensor
    stop: tf.Tensor
    inner_start: tf.Tensor
    inner_stop: tf.Tensor


class Tiles:
    """Tiles of images of one size.

    Attributes:
        extractor: The network.
        fields: The receptive fields.
        shape: Shape of the images.
        count: Number of tiles.

    Args:
        extractor: A network that `receptive_fields` supports.
        fields: Receptive fields of its layers by name, and of terms on the image as `INPUT`.
        shape: Static shape of the images, [batch, height, width, 3].
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
        """Returns the extent of tile `n`."""
        return Part(*tf.unstack(tf.gather(self._spans, n), axis=1))

    def crop(self, images: tf.Tensor, part: Part) -> tf.Tensor:
        """Returns a tile of images, including its overlap."""
        return images[:, part.start[0] : part.stop[0], part.start[1] : part.stop[1]]

    def inner_range(self, layer: str, part: Part) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns start and end of a tile's inner activations, (row, column), int32 [2] each.

        They are indices into the activations of the whole image.
        """
        stride = self.fields[layer].stride
        # A pooling drops an incomplete last window, a pyramid keeps it.
        stop = tf.minimum(-(-part.inner_stop // stride), self._sides[layer])
        return part.inner_start // stride, stop

    def inner(self, layer: str, activations: tf.Tensor, part: Part) -> tf.Tensor:
        """Returns the inner activations of a tile, float32, [batch, positions, maps]."""
        first = part.start // self.fields[layer].stride
        start, stop = (place - first for place in self.inner_range(layer, part))
        inner = activations[:, start[0] : stop[0], start[1] : stop[1]]
        shape = tf.shape(inner)
        flat = tf.reshape(inner, [shape[0], shape[1] * shape[2], activations.shape[3]])
        return tf.cast(flat, tf.float32)

    def positions(self, layer: str) -> float:
        """Returns the number of positions of a layer over the whole image."""
        return float(math.prod(self._sides[layer]))
