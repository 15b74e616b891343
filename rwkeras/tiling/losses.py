"""An objective's losses and their gradient, tile by tile.

What a network is asked for is a sum over positions: the squares of Eq. 1 and the products of a Gram
matrix alike. So one pass over the tiles adds these up, each tile accounting for its own positions,
and gives the losses; a second one has each tile's share of the gradient,

    G = sum_t F_t^T F_t / M,    dL/dx = sum_t <dL/dG, d (F_t^T F_t) / dx> / M    over tiles t,

with dL/dG known from the first. It is the gradient of the whole image to rounding, at the cost of a
forward pass more, and of what tiles see of their neighbours.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.features import INPUT
from rwkeras.objectives.losses import content_loss, gram_loss, texture_loss
from rwkeras.objectives.objective import Objective, Term
from rwkeras.tiling.geometry import Field, receptive_fields, spans
from rwkeras.validation import invalid_argument

Losses = Callable[[tf.Tensor, Any], dict[str, tf.Tensor]]


def image_content_loss(features: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Eq. 1 towards the activations of an image, which each tile works out for itself.

    A term has it instead of `content_loss` where the target's activations are too large to be kept:
    its target is the image. It cannot be called; `tiled_losses` knows what to do.
    """
    raise NotImplementedError("The target of this loss is an image; see `tiled_losses`.")


class _Part(NamedTuple):
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
        extractor: The network.
        fields: The receptive fields of its layers by name.
        shape: [batch, height, width, 3], static.
        tile: See `spans`.
    """

    def __init__(
        self, extractor: keras.Model, fields: Mapping[str, Field], shape: tf.TensorShape, tile: int
    ):
        self.extractor, self.fields, self.shape = extractor, fields, shape
        rows, columns = (spans(side, tile, fields.values()) for side in shape[1:3])
        self._spans = tf.constant([[row, column] for row in rows for column in columns])
        self.count = len(rows) * len(columns)

    def part(self, n: tf.Tensor) -> _Part:
        """Returns a tile by its number."""
        return _Part(*tf.unstack(tf.gather(self._spans, n), axis=1))

    def crop(self, images: tf.Tensor, part: _Part) -> tf.Tensor:
        """Returns a tile of images."""
        return images[:, part.start[0] : part.stop[0], part.start[1] : part.stop[1]]

    def inner(self, layer: str, activations: tf.Tensor, part: _Part) -> tf.Tensor:
        """Returns those of a tile's activations that it accounts for, [batch, n, maps]."""
        stride = self.fields[layer].stride
        start = (part.inner_start - part.start) // stride
        # The last pixels may be too few for an activation.
        stop = (part.inner_stop - part.start) // stride
        inner = activations[:, start[0] : stop[0], start[1] : stop[1]]
        shape = tf.shape(inner)
        flat = tf.reshape(inner, [shape[0], shape[1] * shape[2], activations.shape[3]])
        return tf.cast(flat, tf.float32)

    def positions(self, layer: str) -> float:
        """Returns how many activations each map of a layer has in all."""
        stride = self.fields[layer].stride
        return float((self.shape[1] // stride) * (self.shape[2] // stride))


def tiled_losses(extractor: keras.Model, structure: Objective, tile: int) -> Losses:
    """Returns an objective's weighted terms as a function of images and data, tile by tile.

    Args:
        extractor: What `feature_extractor` returned for the objective's layers.
        structure: The terms without weights and targets: Eq. 1 and 6 on layers, and anything on the
            image itself.
        tile: How much of an image a tile accounts for along each axis, in pixels.

    Raises:
        ValueError: The network's layers or the terms cannot be tiled.
    """
    layered = [term for term in structure.terms if term.layer != INPUT]
    for term in layered:
        if term.loss not in (content_loss, image_content_loss, texture_loss):
            expected = f"Eq. 1 or 6 on '{term.layer}', which are sums over positions"
            raise invalid_argument("objective", expected, term.name)
    fields = receptive_fields(extractor, structure.layers)

    def losses(images: tf.Tensor, data: Any) -> dict[str, tf.Tensor]:
        tiles = Tiles(extractor, fields, images.shape, tile)
        objective = structure.with_data(data)
        terms = [term for term in objective.terms if term.layer != INPUT]

        @tf.custom_gradient
        def evaluated(images):
            sums = sums_over_tiles(tiles, terms, images)
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(sums)
                values = [_loss(tiles, term, each) for term, each in zip(terms, sums, strict=True)]

            def gradient(*upstream, variables=()):
                by_sums = tape.gradient(values, sums, output_gradients=list(upstream))
                # The network's weights have none.
                return _gradient(tiles, terms, images, by_sums), [None] * len(variables)

            return values, gradient

        values = dict(zip([term.name for term in terms], evaluated(images), strict=True))
        of_image = {term.name: term(images) for term in objective.terms if term.layer == INPUT}
        return {term.name: {**values, **of_image}[term.name] for term in objective.terms}

    return losses


def _tile_sum(tiles: Tiles, term: Term, activations, part: _Part) -> tf.Tensor:
    """Returns what a tile adds: of Eq. 1 the squares, [batch], of Eq. 6 the products."""
    inner = tiles.inner(term.layer, activations[term.layer], part)
    if term.loss is texture_loss:
        return tf.linalg.matmul(inner, inner, transpose_a=True)
    if term.loss is image_content_loss:
        target = tiles.extractor(tiles.crop(term.target, part))[term.layer]
        target = tf.stop_gradient(tiles.inner(term.layer, target, part))
    else:
        stride = tiles.fields[term.layer].stride
        start, stop = (edge // stride for edge in (part.inner_start, part.inner_stop))
        whole: Any = term.target
        target = whole[:, start[0] : stop[0], start[1] : stop[1]]
        target = tf.reshape(target, [tf.shape(target)[0], -1, inner.shape[2]])
    return tf.reduce_sum(tf.math.squared_difference(inner, target), axis=(1, 2))


def _loss(tiles: Tiles, term: Term, total: tf.Tensor) -> tf.Tensor:
    """Returns a term's weighted loss, [batch], of the sum over all tiles."""
    positions = tiles.positions(term.layer)
    if term.loss is texture_loss:
        loss = gram_loss(total / positions, term.target)
    else:
        maps = tiles.extractor.output[term.layer].shape[-1]
        loss = total / (2 * positions * maps)
    return tf.cast(term.weight, loss.dtype) * loss


def sums_over_tiles(tiles: Tiles, terms: list[Term], images: tf.Tensor) -> list[tf.Tensor]:
    """Returns each term's sum over all tiles."""
    batch = images.shape[0]

    def start(term: Term) -> tf.Tensor:
        maps = tiles.extractor.output[term.layer].shape[-1]
        return tf.zeros([batch, maps, maps] if term.loss is texture_loss else [batch])

    def add(n, *sums):
        part = tiles.part(n)
        activations = tiles.extractor(tiles.crop(images, part))
        more = [_tile_sum(tiles, term, activations, part) for term in terms]
        return n + 1, *(a + tf.ensure_shape(b, a.shape) for a, b in zip(sums, more, strict=True))

    _, *sums = tf.while_loop(
        lambda n, *_: n < tiles.count,
        add,
        (tf.constant(0), *(start(term) for term in terms)),
        parallel_iterations=1,
    )
    return sums


def _gradient(
    tiles: Tiles, terms: list[Term], images: tf.Tensor, by_sums: list[tf.Tensor]
) -> tf.Tensor:
    """Returns the gradient by images of the sums' scalar product with `by_sums`."""
    _, height, width, _ = images.shape

    def add(n, gradient):
        part = tiles.part(n)
        crop = tiles.crop(images, part)
        with tf.GradientTape() as tape:
            tape.watch(crop)
            activations = tiles.extractor(crop)
            sums = [_tile_sum(tiles, term, activations, part) for term in terms]
            product = tf.add_n([tf.reduce_sum(a * b) for a, b in zip(sums, by_sums, strict=True)])
        share = tape.gradient(product, crop)
        sides = [
            [part.start[axis], side - part.stop[axis]] for axis, side in enumerate((height, width))
        ]
        padded = tf.pad(share, [[0, 0], *sides, [0, 0]])
        return n + 1, tf.ensure_shape(gradient + padded, images.shape)

    _, gradient = tf.while_loop(
        lambda n, _: n < tiles.count,
        add,
        (tf.constant(0), tf.zeros(images.shape)),
        parallel_iterations=1,
    )
    return gradient
