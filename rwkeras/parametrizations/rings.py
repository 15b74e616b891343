"""Rings of the frequency plane, for radial averages."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.cache import kept
from rwkeras.parametrizations.filters import frequencies

# Rings are a cycle an image wide near the centre and this share of their radius far from it.
_WIDTH = 0.14
_LEANING = 30


class Rings(NamedTuple):
    """The rings of one size of images.

    Attributes:
        frequency: The mean frequency of each ring in cycles a pixel, [rings], rising.
        sizes: How many frequencies each holds, [rings].
        ring: The ring of each frequency, [height, width].
        below: The ring next below each frequency, from which it is interpolated, the same shape.
        share: How far it is on the way to the next, in log frequency, in [0, 1].
    """

    frequency: np.ndarray
    sizes: np.ndarray
    ring: np.ndarray
    below: np.ndarray
    share: np.ndarray


@kept
def rings(height: int, width: int) -> Rings:
    """Returns the rings for images of a size."""
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
    """Returns the means over rings.

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


@kept
def leaning(height: int, width: int) -> np.ndarray:
    """Returns the weights, [rings, rings], by which rings of few coordinates lean on others.

    Each is averaged with the one next above it, itself so averaged, which counts as `_LEANING`
    coordinates. What two random images say of a ring with the mean and a handful of cycles is
    mostly chance, and curvatures hardly vary there.
    """
    sizes = rings(height, width).sizes
    weights = np.eye(len(sizes))
    for ring in range(len(sizes) - 2, -1, -1):
        own = sizes[ring] / (sizes[ring] + _LEANING)
        weights[ring] = own * weights[ring] + (1 - own) * weights[ring + 1]
    return weights


def spread(table: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Returns what is known of rings at every frequency, interpolated.

    Args:
        table: [batch, rings, n, n].
        height: Of the image.
        width: Of the image.

    Returns:
        [batch, n, n, height, width].
    """
    layout = rings(height, width)
    table = tf.transpose(table, [0, 2, 3, 1])
    above = np.minimum(layout.below + 1, len(layout.sizes) - 1)
    share = tf.constant(layout.share, table.dtype)
    low, high = tf.gather(table, layout.below, axis=-1), tf.gather(table, above, axis=-1)
    return low + share * (high - low)
