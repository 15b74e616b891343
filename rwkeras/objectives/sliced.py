"""The sliced Wasserstein distance of a layer's activation vectors.

A Gram matrix holds only second moments. In one dimension, optimal transport matches values in
sorted order; averaged over projections onto directions u, it compares whole distributions of
vectors (Rabin et al., 2011; Bonneel et al., 2015).

References:
    Bonneel, Rabin, Peyre and Pfister (2015), Sliced and Radon Wasserstein barycenters of measures.
    Heitz, Vanhoey, Chambon and Belcour (2021), A sliced Wasserstein loss for neural texture
    synthesis: of activations, instead of their Gram matrices.
"""

import numpy as np
import tensorflow as tf

from rwkeras.objectives.objective import BoundLoss, Objective, Term
from rwkeras.portable import portable_normal
from rwkeras.random import derive_seed
from rwkeras.validation import checked_number


def directions(maps: int, projections: int, seed: int = 0) -> np.ndarray:
    """Returns random unit vectors, uniform over directions.

    Heitz et al. draw new directions at each step. Here they are fixed, so that the loss is a
    function of the image, as L-BFGS requires.

    Args:
        maps: Length N of the vectors.
        projections: Number of vectors.
        seed: Random seed.

    Returns:
        float32, [N, projections].
    """
    drawn = portable_normal((maps, projections), derive_seed(seed, "projections", str(maps)))
    return drawn / np.linalg.norm(drawn, axis=0)


def sorted_projections(
    features: tf.Tensor, projections: int | None = None, seed: int = 0
) -> tf.Tensor:
    """Returns projections of activations onto directions, in ascending order.

    Args:
        features: Activations, [batch, ..., N].
        projections: Number of random directions; None for the axes, which are the maps themselves.
        seed: Random seed of the directions.

    Returns:
        [batch, projections or N, positions].
    """
    maps = features.shape[-1]
    flat = tf.reshape(features, [tf.shape(features)[0], -1, maps])
    if projections is None:
        along = tf.linalg.matrix_transpose(flat)
    else:
        vectors = tf.constant(directions(maps, projections, seed), flat.dtype)
        along = tf.linalg.matrix_transpose(flat @ vectors)
    return tf.sort(along, axis=-1)


def resampled_quantiles(values: tf.Tensor, count: tf.Tensor | int) -> tf.Tensor:
    """Resamples sorted values to another number of quantiles by linear interpolation.

    Of M0 sorted values, the j-th (from 0) is taken as the quantile at (j + 1/2) / M0. Returned are
    the quantiles at (i + 1/2) / M, clamped to the first and the last value.

    Args:
        values: Values in ascending order, [..., M0].
        count: Number of quantiles M.

    Returns:
        [..., M].
    """
    if isinstance(count, int) and values.shape[-1] == count:
        return values
    last = tf.shape(values)[-1] - 1
    ratio = tf.cast(last + 1, tf.float64) / tf.cast(count, tf.float64)
    place = (tf.cast(tf.range(count), tf.float64) + 0.5) * ratio - 0.5
    place = tf.clip_by_value(place, 0, tf.cast(last, tf.float64))
    below = tf.cast(tf.floor(place), tf.int32)
    share = tf.cast(place - tf.floor(place), values.dtype)
    lower, upper = (
        tf.gather(values, index, axis=-1) for index in (below, tf.minimum(below + 1, last))
    )
    return lower + share * (upper - lower)


def sliced_wasserstein_loss(
    features: tf.Tensor, target: tf.Tensor, projections: int | None = None, seed: int = 0
) -> tf.Tensor:
    """Returns the mean over directions u of squared one-dimensional Wasserstein distances.

        L = mean_u mean_i (s_ui - q_u((i + 1/2) / M))^2

    with s_u the sorted projections <F_k, u>, and q_u the quantile function of the target's.

    Args:
        features: Activations F, [batch, ..., N].
        target: The source's `sorted_projections` with the same arguments, [batch or 1, projections
            or N, positions], with any number of positions.
        projections: Number of random directions; None for the maps themselves, which compares the
            histogram of each map and ignores dependencies between maps.
        seed: Random seed of the directions.

    Returns:
        The loss of each image, shape [batch].
    """
    found = sorted_projections(features, projections, seed)
    count = tf.shape(found)[-1] if found.shape[-1] is None else found.shape[-1]
    squares = tf.math.squared_difference(found, resampled_quantiles(target, count))
    return tf.reduce_mean(squares, axis=(1, 2))


def sliced_wasserstein_term(
    layer: str,
    features: tf.Tensor,
    *,
    projections: int | None = None,
    seed: int = 0,
    name: str | None = None,
) -> Objective:
    """Returns the `sliced_wasserstein_loss` between a layer and a source's activations.

    Args:
        layer: The layer's name.
        features: The source's activations, [batch or 1, ..., N], of any size.
        projections: Number of random directions, at least 1; None for the maps themselves.
        seed: Random seed of the directions.
        name: Name of the term in results; default "sliced_wasserstein/" and the layer.

    Raises:
        ValueError: `projections` or `seed` is invalid.
    """
    if projections is not None:
        projections = checked_number("projections", projections, integer=True, minimum=1)
    seed = checked_number("seed", seed, integer=True, minimum=None)
    loss = BoundLoss(sliced_wasserstein_loss, (projections, seed))
    target = sorted_projections(features, projections, seed)
    return Objective(Term(name or f"sliced_wasserstein/{layer}", layer, loss, 1.0, target))
