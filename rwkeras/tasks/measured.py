"""Targets and weights of objectives, measured on source images whole or by tiles.

Large images are measured tile by tile. Only the weights of Eq. 4 and 8 are then taken from a
smaller copy: a layer's loss is a mean over positions, so that its gradient at a pixel falls with
the number of pixels and the weight grows with it. It is a departure: the copy's activations are
like the image's, not the same.
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

# The shorter side of the copies on which weights are measured, in pixels.
BALANCE_SIDE = 384


def content_terms(
    model: keras.Model,
    images: tf.Tensor,
    layers: Sequence[str],
    *,
    weighting: str,
    tile: int | None,
) -> Objective:
    """Returns the sum of Eq. 1 over layers, balanced, towards images.

    Args:
        model: A functional `keras.Model`.
        images: float32 RGB in [0, 1], [batch, height, width, 3].
        layers: Names of its layers.
        weighting: See `balance`.
        tile: See `OptimizerSettings.tile_size`.
    """
    copy, share = (images, 1.0) if tile is None else _reduced(images, weighting)
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
    """Returns the sum of Eq. 6 over layers, balanced, towards one or several sources.

    The weight of Eq. 8 brings the gradient of a layer's loss, at the source and towards nothing, to
    size 1. With several sources it does so on average over them: where g_s is the size of the
    gradient at source s, whose weight alone would be w_s = 1 / g_s,

        w = 1 / mean_s g_s = 1 / mean_s (1 / w_s),

    so that a picture that is given twice weighs as much as once. Where sources have weights, the
    mean is by them.

    A loss is a mean over positions, so that the gradient of a pixel falls with their number. Where
    the result is of another size than a source, the weight is multiplied by the pixels of the one
    and divided by those of the other: the gradient is of size 1 in the result, and how much a style
    counts beside the content does not depend on how large the painting is. It is a departure from
    Eq. 8, which takes all pictures for equally large.

    Args:
        model: A functional `keras.Model`.
        source: The images, float32 RGB in [0, 1], [batch, height, width, 3]; of several sources, a
            list of such, of any sizes, each with a batch of as many or of one.
        layers: Names of its layers.
        kind: What the terms' names begin with.
        weighting: See `balance`.
        join: See `join_grams`.
        weights: How much each source counts; None for the positions that it has in a layer.
        tile: See `OptimizerSettings.tile_size`.
        result: Images as large as what is made, [batch, height, width, 3]; None for each source's
            own size.
    """
    sources = list(source) if isinstance(source, list | tuple) else [source]
    measured = [_grams(model, images, layers, tile) for images in sources]
    objective = Objective()
    for layer in layers:
        grams, positions = zip(*(each[layer] for each in measured), strict=True)
        gram = join_grams(grams, positions if weights is None else weights, join)
        objective += gram_term(layer, gram, name=f"{kind}/{layer}")
    balanced = []
    for images in sources:
        copy, share = (images, 1.0) if tile is None else _reduced(images, weighting)
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
    """Returns how many pixels an image has; a tensor where a graph does not know."""
    height, width = images.shape[1:3]
    if height is None or width is None:
        return tf.cast(tf.reduce_prod(tf.shape(images)[1:3]), tf.float32)
    return float(height * width)


def _grams(
    model: keras.Model, images: tf.Tensor, layers: Sequence[str], tile: int | None
) -> dict[str, tuple[tf.Tensor, float]]:
    """Returns the Gram matrices of layers on images, and how many positions they are means over."""
    if tile is not None:
        return tiled_grams(model, layers, images, tile)
    return {
        # In a graph sizes may not be known; there are no several sources there.
        name: (gram_matrix(maps), float(math.prod(side or 0 for side in maps.shape[1:-1])))
        for name, maps in extract(model, layers, images).items()
    }


def reduced(images: tf.Tensor) -> tf.Tensor:
    """Returns a copy of large images, [batch, height, width, 3], on which scales are measured."""
    height, width = images.shape[1:3]
    scale = min(1.0, BALANCE_SIDE / min(height, width))
    size = [max(1, round(side * scale)) for side in (height, width)]
    if scale == 1:
        return images
    # Means of pixels at 1 may be more, by rounding.
    return tf.clip_by_value(tf.image.resize(images, size, method="area"), 0, 1)


def _reduced(images: tf.Tensor, weighting: str) -> tuple[tf.Tensor, float]:
    """Returns a copy of images on which weights are measured, and by what these are multiplied."""
    copy = reduced(images)
    share = math.prod(images.shape[1:3]) / math.prod(copy.shape[1:3])
    return copy, 1.0 if weighting == "none" else share
