"""Combination of the Gram matrices of several sources."""

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from rwkeras.objectives.losses import gram_matrix
from rwkeras.validation import check_choice, invalid_argument

# Floor of eigenvalues relative to the largest, below which float32 holds only rounding errors. Gram
# matrices are singular if a map is zero everywhere.
_LOG_FLOOR = 1e-6


def _of_eigenvalues(matrices: tf.Tensor, function: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    """Applies a function to the eigenvalues of symmetric matrices; the result is float64."""
    values, vectors = tf.linalg.eigh(tf.cast(matrices, tf.float64))
    return tf.linalg.matmul(vectors * function(values)[..., tf.newaxis, :], vectors, adjoint_b=True)


def _floored_log(values: tf.Tensor) -> tf.Tensor:
    floor = tf.maximum(_LOG_FLOOR * values[..., -1:], np.finfo(np.float64).tiny)
    return tf.math.log(tf.maximum(values, floor))


def _mean(grams: list[tf.Tensor], shares: list[float]) -> tf.Tensor:
    return functools.reduce(tf.add, (s * gram for s, gram in zip(shares, grams, strict=True)))


def _max(grams: list[tf.Tensor], shares: list[float]) -> tf.Tensor:
    return functools.reduce(tf.maximum, grams)


def _log_euclidean(grams: list[tf.Tensor], shares: list[float]) -> tf.Tensor:
    logarithm = _mean([_of_eigenvalues(gram, _floored_log) for gram in grams], shares)
    return tf.cast(_of_eigenvalues(logarithm, tf.exp), grams[0].dtype)


_JOINS: dict[str, Callable[[list[tf.Tensor], list[float]], tf.Tensor]] = {
    "mean": _mean,
    "max": _max,
    "log_euclidean": _log_euclidean,
}
JOINS = tuple(_JOINS)


def joined_gram(
    features: Sequence[tf.Tensor], join: str = "mean", weights: Sequence[float] | None = None
) -> tf.Tensor:
    """Returns one Gram matrix of several sources' activations; see `join_grams`.

    Args:
        features: Activations of one layer on each source, [batch or 1, ..., N], of any sizes.
        join: See `join_grams`.
        weights: Weight of each source; None for its number of positions.

    Returns:
        The matrices, [batch, N, N]; for a single source its `gram_matrix`.

    Raises:
        ValueError: `join` is unknown, or there are no features.
    """
    if not features:
        raise invalid_argument("features", "the activations of at least one source", features)
    grams = [gram_matrix(activations) for activations in features]
    positions = [float(math.prod(activations.shape[1:-1])) for activations in features]
    return join_grams(grams, positions if weights is None else weights, join)


def join_grams(
    grams: Sequence[tf.Tensor], weights: Sequence[float], join: str = "mean"
) -> tf.Tensor:
    """Combines the Gram matrices of several sources into one (Snelgrove, 2017).

    Args:
        grams: Gram matrices of one layer on each source, [batch or 1, N, N].
        weights: Weight M_s of each source; ignored by "max".
        join: "mean": sum_s M_s G_s / sum_s M_s, which for sources of M_s positions is the Gram
            matrix of their union: of a texture with parts like each source, in proportion to size.
            "max": the element-wise maximum, which keeps features of any source regardless of its
            weight; meant for rectified maps, whose entries are at least 0, but seldom the Gram
            matrix of an image. "log_euclidean": exp(sum_s M_s log G_s / sum_s M_s), a geometric
            mean (Arsigny et al., 2006), which keeps what the sources share: variance along a
            direction that one of them lacks all but vanishes.

    Returns:
        The matrices, [batch, N, N]; for a single source its own.

    Raises:
        ValueError: `join` is unknown, or `weights` are not one number of at least 0 per source,
            not all 0.
    """
    check_choice("join", join, _JOINS)
    if len(grams) == 1:
        return grams[0]
    usable = all(math.isfinite(weight) and weight >= 0 for weight in weights)
    if len(weights) != len(grams) or not usable or not any(weights):
        expected = f"{len(grams)} numbers of at least 0, not all 0"
        raise invalid_argument("weights", expected, list(weights))
    return _JOINS[join](list(grams), [weight / sum(weights) for weight in weights])
