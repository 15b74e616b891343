"""Sums over tiles and their gradients."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from rwkeras.networks.features import INPUT
from rwkeras.objectives.losses import texture_loss, total_variation
from rwkeras.objectives.objective import Term
from rwkeras.tiling.tiles import Part, Tiles


def image_content_loss(features: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Placeholder for Eq. 1 with an image as target, whose activations are computed by tiles.

    Replaces `content_loss` in terms whose target activations are too large to be stored. Only
    `TiledLosses` can evaluate it; calling it raises `NotImplementedError`.
    """
    raise NotImplementedError("The target of this loss is an image; see `TiledLosses`.")


def is_tiled(term: Term) -> bool:
    """Returns whether a term is evaluated by tiles, as opposed to on the whole image."""
    return term.layer != INPUT or term.loss is total_variation


def _tile_variation(crop: tf.Tensor, part: Part) -> tf.Tensor:
    """Returns the total variation of a tile's inner pixels, [batch]."""
    start, stop = part.inner_start - part.start, part.inner_stop - part.start
    high = crop[:, start[0] : stop[0] + 1, start[1] : stop[1]]
    wide = crop[:, start[0] : stop[0], start[1] : stop[1] + 1]
    down = tf.math.squared_difference(high[:, 1:], high[:, :-1])
    across = tf.math.squared_difference(wide[:, :, 1:], wide[:, :, :-1])
    return tf.reduce_sum(down, (1, 2, 3)) + tf.reduce_sum(across, (1, 2, 3))


def _tile_sums(
    tiles: Tiles, terms: list[Term], features: Mapping[str, tf.Tensor], part: Part
) -> list[tf.Tensor]:
    """Returns a tile's contribution to each term's sum."""
    return [
        _tile_variation(features[INPUT], part)
        if term.layer == INPUT
        else _tile_sum(tiles, term, features, part)
        for term in terms
    ]


def _tile_sum(tiles: Tiles, term: Term, activations, part: Part) -> tf.Tensor:
    """Returns a tile's sum of squares, [batch], for Eq. 1 or of products, [batch, N, N], for 6."""
    inner = tiles.inner(term.layer, activations[term.layer], part)
    if term.loss is texture_loss:
        return tf.linalg.matmul(inner, inner, transpose_a=True)
    if term.loss is image_content_loss:
        target = tiles.extractor(tiles.crop(term.target, part))[term.layer]
        target = tf.stop_gradient(tiles.inner(term.layer, target, part))
    else:
        start, stop = tiles.inner_range(term.layer, part)
        whole: Any = term.target
        target = whole[:, start[0] : stop[0], start[1] : stop[1]]
        target = tf.reshape(target, [tf.shape(target)[0], -1, inner.shape[2]])
    return tf.reduce_sum(tf.math.squared_difference(inner, target), axis=(1, 2))


def sums_over_tiles(tiles: Tiles, terms: list[Term], images: tf.Tensor) -> list[tf.Tensor]:
    """Returns each term's sum over all tiles."""
    batch = images.shape[0]

    def start(term: Term) -> tf.Tensor:
        if term.loss is not texture_loss:
            return tf.zeros([batch])
        maps = tiles.extractor.output[term.layer].shape[-1]
        return tf.zeros([batch, maps, maps])

    def add(n, *sums):
        part = tiles.part(n)
        crop = tiles.crop(images, part)
        more = _tile_sums(tiles, terms, {**tiles.extractor(crop), INPUT: crop}, part)
        return n + 1, *(a + tf.ensure_shape(b, a.shape) for a, b in zip(sums, more, strict=True))

    _, *sums = tf.while_loop(
        lambda n, *_: n < tiles.count,
        add,
        (tf.constant(0), *(start(term) for term in terms)),
        parallel_iterations=1,
    )
    return sums


def gradient_over_tiles(
    tiles: Tiles, terms: list[Term], images: tf.Tensor, by_sums: list[tf.Tensor]
) -> tf.Tensor:
    """Returns the gradient of <sums, by_sums> with respect to the images."""
    batch, height, width, channels = images.shape

    def add(n, rows):
        part = tiles.part(n)
        crop = tiles.crop(images, part)
        with tf.GradientTape() as tape:
            tape.watch(crop)
            sums = _tile_sums(tiles, terms, {**tiles.extractor(crop), INPUT: crop}, part)
        share = tape.gradient(sums, crop, output_gradients=by_sums)
        aside = [part.start[1], width - part.stop[1]]
        wide = tf.pad(tf.transpose(share, [1, 0, 2, 3]), [[0, 0], [0, 0], aside, [0, 0]])
        places = tf.range(part.start[0], part.stop[0])[:, tf.newaxis]
        return n + 1, tf.tensor_scatter_nd_add(rows, places, wide)

    # Rows first, so that a tile's rows can be added in place.
    _, rows = tf.while_loop(
        lambda n, _: n < tiles.count,
        add,
        (tf.constant(0), tf.zeros([height, batch, width, channels])),
        parallel_iterations=1,
    )
    return tf.transpose(rows, [1, 0, 2, 3])
