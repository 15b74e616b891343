"""Rings of the frequency plane, for radial averages."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.cache import cached
from rwkeras.parametrizations.filters import frequencies

# Width of rings relative to their radius, far from the centre; near it rings are one cycle per
# image wide.
_WIDTH = 0.14
_PSEUDOCOUNT = 30


class Rings(NamedTuple):
    """The frequency rings for one image size.

    Attributes:
        frequency: Mean frequency of each ring in cycles per pixel, [rings], ascending.
        sizes: Number of frequencies in each ring, [rings].
        ring: Index of the ring of each frequency, [height, width].
        lower: Index of the ring below each frequency, for interpolation, [height, width].
        weight: Interpolation weight of the ring above, linear in log frequency, in [0, 1],
            [height, width].
    """

    frequency: np.ndarray
    sizes: np.ndarray
    ring: np.ndarray
    lower: np.ndarray
    weight: np.ndarray


@cached
def rings(height: int, width: int) -> Rings:
    """Returns the rings for an image size."""
    frequency = frequencies(height, width)
    radius = max(height, width) * frequency
    index = np.round(np.arcsinh(_WIDTH * radius) / _WIDTH).astype(int)
    index = np.unique(index, return_inverse=True)[1].reshape(index.shape)
    sizes = np.bincount(index.ravel()).astype(float)
    means = np.bincount(index.ravel(), frequency.ravel()) / sizes
    last = len(means) - 1
    position = np.interp(np.log(frequency), np.log(means), np.arange(last + 1.0))
    below = np.minimum(position.astype(int), max(last - 1, 0))
    return Rings(means, sizes, index, below, np.clip(position - below, 0, 1))


def ring_means(spectra: tf.Tensor) -> tf.Tensor:
    """Returns means over rings.

    Args:
        spectra: [batch, height, width, ...].

    Returns:
        [batch, rings, ...].
    """
    batch, height, width = spectra.shape[:3]
    layout = rings(height, width)
    rows = tf.transpose(tf.reshape(spectra, [batch, height * width, -1]), [1, 0, 2])
    sums = tf.math.unsorted_segment_sum(rows, layout.ring.ravel(), len(layout.sizes))
    means = sums / tf.constant(layout.sizes.reshape(-1, 1, 1), sums.dtype)
    shape = [batch, len(layout.sizes), *spectra.shape[3:]]
    return tf.reshape(tf.transpose(means, [1, 0, 2]), shape)


@cached
def ring_smoothing(height: int, width: int) -> np.ndarray:
    """Returns weights, [rings, rings], that smooth rings of few coordinates.

    Each ring is averaged with the smoothed ring above it, which counts as `_PSEUDOCOUNT`
    coordinates. In the lowest rings, estimates from a few random images are mostly noise, while
    curvatures hardly vary.
    """
    sizes = rings(height, width).sizes
    weights = np.eye(len(sizes))
    for ring in range(len(sizes) - 2, -1, -1):
        own = sizes[ring] / (sizes[ring] + _PSEUDOCOUNT)
        weights[ring] = own * weights[ring] + (1 - own) * weights[ring + 1]
    return weights


def interpolate_rings(table: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Interpolates values on rings to all frequencies.

    Args:
        table: Values on rings, [batch, rings, n, n].
        height: Height of the image.
        width: Width of the image.

    Returns:
        [batch, n, n, height, width].
    """
    layout = rings(height, width)
    table = tf.transpose(table, [0, 2, 3, 1])
    above = np.minimum(layout.lower + 1, len(layout.sizes) - 1)
    weight = tf.constant(layout.weight, table.dtype)
    low, high = tf.gather(table, layout.lower, axis=-1), tf.gather(table, above, axis=-1)
    return low + weight * (high - low)
