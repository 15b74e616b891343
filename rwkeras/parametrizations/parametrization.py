"""The parametrisations by name: the filter that each gives an image's coordinates.

A filter P decides two things. The optimiser starts along P P^T times the gradient, so that P wants
to be H^(-1/2), H the objective's Hessian, for all frequencies to converge at one pace. And what the
layers do not see of an image stays near the start, as measured by P^-1: there P wants to be the
square root of photographs' covariance S. "adaptive" is both, P = (S^-1 + k H)^(-1/2): prior where
the layer is blind, whitening where it sees, its k such that a given number of coordinates count as
seen. He, Wang and Hopcroft (2016) vary "pixels".
"""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.parametrizations.filters import frequencies, matrix_power, normalize
from rwkeras.parametrizations.prior import covariance
from rwkeras.parametrizations.rings import rings, spread

PARAMETRIZATIONS = ("adaptive", "fourier", "pixels")

# The factors k among which "adaptive" chooses, relative to the largest curvature.
_FACTORS = np.logspace(-2, 16, 361)
# However many values the layers have, this share of the coordinates at most counts as seen.
_MOST_SEEN = 0.9


# Few coordinates count as seen at first, so that the coarse is right before the fine fits what is
# left; more give the faster convergence then. Shares of the coordinates where the objective
# compares one value for each, the powers by which the shares grow with the values, and when the
# first stage ends, in iterations and as a share of them; by trial on photographs, inverted from
# conv1_1 to pool5.
_SEEN_FIRST, _SEEN_LAST = 0.01, 0.04
_GROWTH_FIRST, _GROWTH_LAST = 1.0, 1.5
_FIRST_ITERATIONS, _FIRST_SHARE = 60, 0.3


class Stage(NamedTuple):
    """A part of a run with a filter of its own.

    Attributes:
        until: The iteration at which it ends; None for the last.
        seen: For "adaptive": how many coordinates count as seen.
    """

    until: int | None
    seen: float = 0.0


def stages(
    parametrization: str, shape: tuple[int, int, int], values: int, iterations: int
) -> tuple[Stage, ...]:
    """Returns the stages of a run.

    Args:
        parametrization: One of `PARAMETRIZATIONS`.
        shape: Of an image, (height, width, channels).
        values: How many values of an image the objective compares.
        iterations: How many iterations the run has at most.
    """
    if parametrization != "adaptive":
        return (Stage(None),)
    coordinates = math.prod(shape)
    ratio = values / coordinates
    last = Stage(None, coordinates * min(_SEEN_LAST * ratio**_GROWTH_LAST, _MOST_SEEN))
    until = min(_FIRST_ITERATIONS, int(_FIRST_SHARE * iterations))
    # Where values abound, all is seen at once.
    if last.seen == coordinates * _MOST_SEEN or until == 0:
        return (last,)
    return Stage(until, coordinates * _SEEN_FIRST * ratio**_GROWTH_FIRST), last


def fourier_filter(height: int, width: int, exponent: float, decorrelate: bool) -> tf.Tensor:
    """Returns the filter of photographs' covariance, float32, [1, 3, 3, height, width]."""
    prior = tf.constant(covariance(frequencies(height, width), exponent, decorrelate))
    filters = tf.transpose(matrix_power(prior, 0.5), [2, 3, 0, 1])[tf.newaxis]
    return tf.cast(normalize(filters), tf.float32)


def adaptive_filter(
    curvature: tf.Tensor,
    height: int,
    width: int,
    exponent: float,
    decorrelate: bool,
    seen: float,
) -> tf.Tensor:
    """Returns the filter (S^-1 + k H)^(-1/2).

    Args:
        curvature: H over rings, float64, [batch, rings, 3, 3]; see `power_spectrum`.
        height: Of the image.
        width: Of the image.
        exponent: Of the prior S; see `covariance`.
        decorrelate: Of the prior S.
        seen: How many coordinates count as seen: the trace of k H (S^-1 + k H)^-1, which is their
            effective number of degrees of freedom.

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
    chosen = tf.reduce_sum(tf.cast(freedom < seen, tf.int32), 1)
    factor = tf.gather(tf.constant(_FACTORS), tf.minimum(chosen, len(_FACTORS) - 1))
    factor = tf.math.divide_no_nan(factor[:, tf.newaxis, tf.newaxis], largest)
    table = matrix_power(matrix_power(prior, -1) + factor[..., tf.newaxis] * curvature, -0.5)
    return tf.cast(normalize(spread(table, height, width)), tf.float32)
