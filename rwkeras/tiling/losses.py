"""Losses of an objective and their gradient, evaluated by tiles.

The squares of Eq. 1 and the products of a Gram matrix are sums over positions. A first pass over
the tiles t accumulates these sums, each tile contributing its inner positions, and gives the
losses. A second pass adds up the gradient,

    G = sum_t F_t^T F_t / M,    dL/dx = sum_t <dL/dG, d (F_t^T F_t) / dx> / M,

with dL/dG known from the first pass. The result is the gradient of the whole image up to rounding,
at the cost of an additional forward pass and of the overlap between tiles.
"""

from collections.abc import Mapping
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
    is_tiled,
    sums_over_tiles,
)
from rwkeras.tiling.tiles import Tiles
from rwkeras.validation import invalid_argument


class TiledLosses:
    """Weighted terms of an objective as a function of images and data, evaluated by tiles.

    The gradient is a separate method: TensorFlow never frees the graph of a function with a custom
    gradient, and automatic differentiation needs the memory of all tiles at once.

    Args:
        extractor: The result of `feature_extractor` for the objective's layers.
        structure: The terms without weights and targets: Eq. 1 and 6 on layers, and any terms on
            the image itself. Of the latter, only total variation is tiled.
        tile: Size of a tile without overlap along each axis, in pixels.

    Raises:
        ValueError: The network's layers or the terms cannot be tiled.
    """

    def __init__(self, extractor: keras.Model, structure: Objective, tile: int):
        layered = [term for term in structure.terms if term.layer != INPUT]
        for term in layered:
            if term.loss not in (content_loss, image_content_loss, texture_loss):
                expected = f"losses of Eq. 1 or 6 on '{term.layer}', which are sums over positions"
                raise invalid_argument("objective", expected, term.name)
        self._extractor, self._structure, self._tile = extractor, structure, tile
        self._fields = receptive_fields(extractor, structure.layers)
        if any(term.loss is total_variation for term in structure.terms):
            self._fields[INPUT] = Field(1, before=0, after=1)

    def _tiles(self, images: tf.Tensor) -> Tiles:
        return Tiles(self._extractor, self._fields, images.shape, self._tile)

    def __call__(self, images: tf.Tensor, data: Any) -> dict[str, tf.Tensor]:
        """Returns the terms, each [batch], by name.

        Args:
            images: [batch, height, width, 3], of static shape.
            data: See `Objective.data`.
        """
        tiles, objective = self._tiles(images), self._structure.with_data(data)
        terms = [term for term in objective.terms if is_tiled(term)]
        sums = sums_over_tiles(tiles, terms, images)
        values = {t.name: _loss(tiles, t, each) for t, each in zip(terms, sums, strict=True)}
        values |= {term.name: term(images) for term in objective.terms if not is_tiled(term)}
        return {term.name: values[term.name] for term in objective.terms}

    def value_and_gradient(
        self, images: tf.Tensor, data: Any, shares: Mapping[str, tf.Tensor] | None = None
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Returns the terms, and the gradient of their sum with respect to the images.

        Args:
            images: See `__call__`.
            data: See `__call__`.
            shares: Factor of each term in the sum, [batch], by name; None for 1.
        """
        tiles, objective = self._tiles(images), self._structure.with_data(data)
        terms = [term for term in objective.terms if is_tiled(term)]
        sums = sums_over_tiles(tiles, terms, images)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch((sums, images))
            values = {t.name: _loss(tiles, t, each) for t, each in zip(terms, sums, strict=True)}
            values |= {term.name: term(images) for term in objective.terms if not is_tiled(term)}
        ordered = {term.name: values[term.name] for term in objective.terms}
        ones = tf.ones(images.shape[:1])
        upstream = [ones if shares is None else shares[name] for name in ordered]
        by_sums, by_images = tape.gradient(
            list(ordered.values()), (sums, images), output_gradients=upstream
        )
        gradient = gradient_over_tiles(tiles, terms, images, by_sums)
        return ordered, gradient if by_images is None else gradient + by_images


def _loss(tiles: Tiles, term: Term, total: tf.Tensor) -> tf.Tensor:
    """Returns a term's weighted loss, [batch], given its sum over all tiles."""
    if term.loss is total_variation:
        loss = total
    elif term.loss is texture_loss:
        loss = gram_loss(total / tiles.positions(term.layer), term.target)
    else:
        positions = tiles.positions(term.layer)
        maps = tiles.extractor.output[term.layer].shape[-1]
        loss = total / (2 * positions * maps)
    return tf.cast(term.weight, loss.dtype) * loss
