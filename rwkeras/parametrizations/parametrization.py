"""Image parametrisations by name, and the filters that define them.

A filter P has two effects. The optimiser starts along P P^T times the gradient, so all frequencies
converge at the same rate if P = H^(-1/2), with H the objective's Hessian. Components of the image
that the layers do not see stay near the start, in the norm of P^-1, for which P is best the square
root of the covariance S of photographs. "fourier" is S^(1/2). "adaptive" combines both as
P = (S^-1 + k H)^(-1/2): the prior where layers are blind, whitening where they see, with k such
that a given number of coordinates count as seen. "pixels" optimises pixels directly, as do He, Wang
and Hopcroft (2016).
"""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.parametrizations.filters import frequencies, matrix_power, normalize
from rwkeras.parametrizations.prior import covariance
from rwkeras.parametrizations.rings import interpolate_rings, rings

PARAMETRIZATIONS = ("adaptive", "fourier", "pixels")

# Candidates for the factor k of "adaptive", relative to the reciprocal of the largest curvature.
_FACTORS = np.logspace(-2, 16, 361)
# Maximum fraction of coordinates that count as seen, however many values the layers have.
_MAX_FRACTION = 0.9


# In the first stage few coordinates count as seen, so that coarse structure is fitted before fine
# detail; in the last stage more do, for faster convergence. _FRACTION: that of the coordinates for
# an objective of one target value per coordinate. _GROWTH: exponent of its growth with the number
# of values per coordinate. The first stage ends after _FIRST_ITERATIONS or the fraction
# _FIRST_SHARE of the run, whichever is less. Tuned on inversions of photographs from conv1_1 to
# pool5.
_FRACTION_FIRST, _FRACTION_LAST = 0.01, 0.04
_GROWTH_FIRST, _GROWTH_LAST = 1.0, 1.5
_FIRST_ITERATIONS, _FIRST_SHARE = 60, 0.3


class Stage(NamedTuple):
    """A part of an optimisation run with its own filter.

    Attributes:
        until: The iteration at which the stage ends; None for the last stage.
        degrees_of_freedom: For "adaptive": number of coordinates that count as seen by the layers.
    """

    until: int | None
    degrees_of_freedom: float = 0.0


def stages(
    parametrization: str, shape: tuple[int, int, int], values: int, iterations: int
) -> tuple[Stage, ...]:
    """Returns the stages of an optimisation run.

    Args:
        parametrization: One of `PARAMETRIZATIONS`.
        shape: Shape of an image, (height, width, channels).
        values: Number of target values per image; see `Objective.values`.
        iterations: Maximum number of iterations of the run.
    """
    if parametrization != "adaptive":
        return (Stage(None),)
    coordinates = math.prod(shape)
    ratio = values / coordinates
    last = Stage(None, coordinates * min(_FRACTION_LAST * ratio**_GROWTH_LAST, _MAX_FRACTION))
    until = min(_FIRST_ITERATIONS, int(_FIRST_SHARE * iterations))
    # With many values, or a very short run, one stage is enough.
    if last.degrees_of_freedom == coordinates * _MAX_FRACTION or until == 0:
        return (last,)
    return Stage(until, coordinates * _FRACTION_FIRST * ratio**_GROWTH_FIRST), last


def fourier_filter(height: int, width: int, exponent: float, decorrelate: bool) -> tf.Tensor:
    """Returns the filter S^(1/2) of the prior, float32, [1, 3, 3, height, width]."""
    prior = tf.constant(covariance(frequencies(height, width), exponent, decorrelate))
    filters = tf.transpose(matrix_power(prior, 0.5), [2, 3, 0, 1])[tf.newaxis]
    return tf.cast(normalize(filters), tf.float32)


def adaptive_filter(
    curvature: tf.Tensor,
    height: int,
    width: int,
    exponent: float,
    decorrelate: bool,
    degrees_of_freedom: float,
) -> tf.Tensor:
    """Returns the filter (S^-1 + k H)^(-1/2).

    Args:
        curvature: H over rings, float64, [batch, rings, 3, 3]; see `power_spectrum`.
        height: Height of the image.
        width: Width of the image.
        exponent: Exponent of the prior S; see `covariance`.
        decorrelate: See `covariance`.
        degrees_of_freedom: Effective number of coordinates that the layers see, the trace of
            k H (S^-1 + k H)^-1.

    Returns:
        float32, [batch, 3, 3, height, width].
    """
    layout = rings(height, width)
    prior = tf.constant(covariance(layout.frequency, exponent, decorrelate))
    curvature = tf.where(tf.math.is_finite(curvature), curvature, tf.zeros_like(curvature))
    root = matrix_power(prior, 0.5)
    values = tf.maximum(tf.linalg.eigvalsh(root @ curvature @ root), 0)
    largest = tf.reduce_max(values, (1, 2), keepdims=True)
    ratios = _FACTORS * tf.math.divide_no_nan(values, largest)[..., tf.newaxis]
    counts = tf.constant(layout.sizes[:, np.newaxis, np.newaxis])
    freedom = tf.reduce_sum(counts * ratios / (1 + ratios), (1, 2))
    chosen = tf.reduce_sum(tf.cast(freedom < degrees_of_freedom, tf.int32), 1)
    factor = tf.gather(tf.constant(_FACTORS), tf.minimum(chosen, len(_FACTORS) - 1))
    factor = tf.math.divide_no_nan(factor[:, tf.newaxis, tf.newaxis], largest)
    table = matrix_power(matrix_power(prior, -1) + factor[..., tf.newaxis] * curvature, -0.5)
    return tf.cast(normalize(interpolate_rings(table, height, width)), tf.float32)
