"""Targets and weights of objectives, computed on whole or tiled source images.

Targets of large images are computed tile by tile. The weights of Eq. 4 and 8 are then computed on a
reduced copy and multiplied by the ratio of pixel counts: a layer's loss is a mean over positions,
so its gradient at a pixel falls with the number of pixels and the weight grows with it. This is an
approximation, as the activations of the copy differ from those of the image.
"""

import math
from collections.abc import Sequence

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.features import extract
from rwkeras.objectives.balance import balance
from rwkeras.objectives.joining import join_grams
from rwkeras.objectives.losses import gram_matrix
from rwkeras.objectives.objective import Objective, content_term, gram_term
from rwkeras.tiling.grams import tiled_grams
from rwkeras.tiling.sums import image_content_loss

# Shorter side, in pixels, of the copies on which weights are computed.
BALANCE_SIDE = 384


def content_terms(
    model: keras.Model,
    images: tf.Tensor,
    layers: Sequence[str],
    *,
    weighting: str,
    tile: int | None,
) -> Objective:
    """Returns the sum of balanced content losses (Eq. 1) over layers, with images as target.

    Args:
        model: A functional `keras.Model`.
        images: The target, float32 RGB in [0, 1], [batch, height, width, 3].
        layers: Names of its layers.
        weighting: See `balance`.
        tile: See `OptimizerSettings.tile_size`.
    """
    copy, share = (images, 1.0) if tile is None else _downscaled(images, weighting)
    features = extract(model, layers, copy)
    objective = Objective()
    for layer in layers:
        objective += content_term(layer, features[layer])
    objective = balance(model, objective, copy, weighting) * share
    if tile is None:
        return objective
    return Objective(
        *(term._replace(loss=image_content_loss, target=images) for term in objective.terms)
    )


def texture_terms(
    model: keras.Model,
    source: tf.Tensor | Sequence[tf.Tensor],
    layers: Sequence[str],
    *,
    kind: str,
    weighting: str,
    join: str,
    weights: Sequence[float] | None = None,
    tile: int | None = None,
    result: tf.Tensor | None = None,
) -> Objective:
    """Returns the sum of balanced texture losses (Eq. 6) over layers, for one or more sources.

    The weight of Eq. 8 normalises the gradient of a layer's loss, taken at the source with a zero
    target, to magnitude 1. With several sources it normalises the mean magnitude: if g_s is the
    gradient magnitude at source s, whose own weight would be w_s = 1 / g_s,

        w = 1 / mean_s g_s = 1 / mean_s (1 / w_s),

    so that duplicating all sources changes nothing. The mean is weighted by `weights` if given.

    A loss is a mean over positions, so the gradient at a pixel falls with the number of pixels. If
    the result and a source differ in size, the weight is multiplied by the ratio of their pixel
    counts. The gradient then has magnitude 1 in the result, and the balance of style and content
    does not depend on the size of the result. This departs from Eq. 8, which assumes images of
    equal size.

    Args:
        model: A functional `keras.Model`.
        source: float32 RGB in [0, 1], [batch, height, width, 3], or a list of these, one per
            source, of any sizes and with equal batch sizes or batch size 1.
        layers: Names of its layers.
        kind: Prefix of the terms' names.
        weighting: See `balance`.
        join: See `join_grams`.
        weights: Weight of each source; None for its number of positions in each layer.
        tile: See `OptimizerSettings.tile_size`.
        result: Images of the result's size, [batch, height, width, 3]; None if the result has the
            size of each source.
    """
    sources = list(source) if isinstance(source, list | tuple) else [source]
    source_grams = [_grams(model, images, layers, tile) for images in sources]
    objective = Objective()
    for layer in layers:
        grams, positions = zip(*(each[layer] for each in source_grams), strict=True)
        gram = join_grams(grams, positions if weights is None else weights, join)
        objective += gram_term(layer, gram, name=f"{kind}/{layer}")
    balanced = []
    for images in sources:
        copy, share = (images, 1.0) if tile is None else _downscaled(images, weighting)
        if result is not None and weighting != "none":
            share = share * _pixels(result) / _pixels(images)
        balanced.append(balance(model, objective, copy, weighting) * share)
    if len(balanced) == 1:
        return balanced[0]
    counts = [1.0] * len(sources) if weights is None else weights
    means = [
        sum(counts) / sum(count / term.weight for count, term in zip(counts, terms, strict=True))
        for terms in zip(*(each.terms for each in balanced), strict=True)
    ]
    terms = zip(objective.terms, means, strict=True)
    return Objective(*(term._replace(weight=weight) for term, weight in terms))


def _pixels(images: tf.Tensor) -> float | tf.Tensor:
    """Returns the number of pixels of an image, as a tensor if its static shape is unknown."""
    height, width = images.shape[1:3]
    if height is None or width is None:
        return tf.cast(tf.reduce_prod(tf.shape(images)[1:3]), tf.float32)
    return float(height * width)


def _grams(
    model: keras.Model, images: tf.Tensor, layers: Sequence[str], tile: int | None
) -> dict[str, tuple[tf.Tensor, float]]:
    """Returns, by layer, the Gram matrices of images and the number of positions averaged over."""
    if tile is not None:
        return tiled_grams(model, layers, images, tile)
    return {
        # Unknown static sizes count as 0; they occur only in graphs, with a single source.
        name: (gram_matrix(maps), float(math.prod(side or 0 for side in maps.shape[1:-1])))
        for name, maps in extract(model, layers, images).items()
    }


def downscaled(images: tf.Tensor) -> tf.Tensor:
    """Returns images, [batch, height, width, 3], reduced to a shorter side of `BALANCE_SIDE`.

    Smaller images are returned unchanged.
    """
    height, width = images.shape[1:3]
    scale = min(1.0, BALANCE_SIDE / min(height, width))
    size = [max(1, round(side * scale)) for side in (height, width)]
    if scale == 1:
        return images
    # Rounding can lift means of pixels at 1 above 1.
    return tf.clip_by_value(tf.image.resize(images, size, method="area"), 0, 1)


def _downscaled(images: tf.Tensor, weighting: str) -> tuple[tf.Tensor, float]:
    """Returns a reduced copy of images to compute weights on, and the factor for those weights."""
    copy = downscaled(images)
    share = math.prod(images.shape[1:3]) / math.prod(copy.shape[1:3])
    return copy, 1.0 if weighting == "none" else share
