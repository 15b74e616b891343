"""An objective's losses and their gradient, tile by tile.

What a network is asked for is a sum over positions: the squares of Eq. 1 and the products of a Gram
matrix alike. So one pass over the tiles adds these up, each tile accounting for its own positions,
and gives the losses; a second one has each tile's share of the gradient,

    G = sum_t F_t^T F_t / M,    dL/dx = sum_t <dL/dG, d (F_t^T F_t) / dx> / M    over tiles t,

with dL/dG known from the first. It is the gradient of the whole image to rounding, at the cost of a
forward pass more, and of what tiles see of their neighbours.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.features import INPUT
from rwkeras.objectives.losses import content_loss, gram_loss, texture_loss, total_variation
from rwkeras.objectives.objective import Objective, Term
from rwkeras.tiling.geometry import Field, receptive_fields
from rwkeras.tiling.sums import (
    gradient_over_tiles,
    image_content_loss,
    is_sum,
    sums_over_tiles,
)
from rwkeras.tiling.tiles import Tiles
from rwkeras.validation import invalid_argument

Losses = Callable[[tf.Tensor, Any], dict[str, tf.Tensor]]


def tiled_losses(extractor: keras.Model, structure: Objective, tile: int) -> Losses:
    """Returns an objective's weighted terms as a function of images and data, tile by tile.

    Args:
        extractor: What `feature_extractor` returned for the objective's layers.
        structure: The terms without weights and targets: Eq. 1 and 6 on layers, and anything on the
            image itself, of which total variation goes tile by tile too.
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
    if any(term.loss is total_variation for term in structure.terms):
        fields[INPUT] = Field(1, before=0, after=1)

    def losses(images: tf.Tensor, data: Any) -> dict[str, tf.Tensor]:
        tiles = Tiles(extractor, fields, images.shape, tile)
        objective = structure.with_data(data)
        of_whole = [term for term in objective.terms if not is_sum(term)]
        terms = [term for term in objective.terms if is_sum(term)]

        @tf.custom_gradient
        def evaluated(images):
            sums = sums_over_tiles(tiles, terms, images)
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(sums)
                values = [_loss(tiles, term, each) for term, each in zip(terms, sums, strict=True)]

            def gradient(*upstream, variables=()):
                by_sums = tape.gradient(values, sums, output_gradients=list(upstream))
                # The network's weights have none.
                return gradient_over_tiles(tiles, terms, images, by_sums), [None] * len(variables)

            return values, gradient

        values = dict(zip([term.name for term in terms], evaluated(images), strict=True))
        values |= {term.name: term(images) for term in of_whole}
        return {term.name: values[term.name] for term in objective.terms}

    return losses


def _loss(tiles: Tiles, term: Term, total: tf.Tensor) -> tf.Tensor:
    """Returns a term's weighted loss, [batch], of the sum over all tiles."""
    if term.loss is total_variation:
        loss = total
    elif term.loss is texture_loss:
        loss = gram_loss(total / tiles.positions(term.layer), term.target)
    else:
        positions = tiles.positions(term.layer)
        maps = tiles.extractor.output[term.layer].shape[-1]
        loss = total / (2 * positions * maps)
    return tf.cast(term.weight, loss.dtype) * loss
