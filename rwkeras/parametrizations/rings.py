"""Rings of the frequency plane, over which what is measured is averaged."""

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.parametrizations.filters import frequencies, multiplicities

# Rings are one cycle an image wide near the centre and this share of their radius far from it.
_WIDTH = 0.14


class Rings(NamedTuple):
    """The rings of one size of images.

    Attributes:
        frequency: The mean frequency of each ring in cycles a pixel, [rings], rising.
        sizes: How many frequencies of `fft2` each holds, [rings].
        ring: The ring of each frequency of `rfft2`, [height, width // 2 + 1].
        below: The ring next below each frequency, from which it is interpolated, the same shape.
        share: How far it is on the way to the next, in log frequency, in [0, 1].
    """

    frequency: np.ndarray
    sizes: np.ndarray
    ring: np.ndarray
    below: np.ndarray
    share: np.ndarray


@functools.lru_cache(maxsize=8)
def rings(height: int, width: int) -> Rings:
    """Returns the rings for images of a size."""
    frequency, counts = frequencies(height, width), multiplicities(height, width)
    radius = frequency * max(height, width)
    index = np.round(np.arcsinh(_WIDTH * radius) / _WIDTH).astype(int)
    index = np.unique(index, return_inverse=True)[1].reshape(index.shape)
    count = np.bincount(index.ravel(), counts.ravel())
    means = np.bincount(index.ravel(), (counts * frequency).ravel()) / count
    last = len(means) - 1
    position = np.interp(np.log(frequency), np.log(means), np.arange(last + 1.0))
    below = np.minimum(position.astype(int), max(last - 1, 0))
    return Rings(means, count, index, below, np.clip(position - below, 0, 1))


def ring_means(spectra: tf.Tensor, width: int) -> tf.Tensor:
    """Returns the means over rings.

    Args:
        spectra: [batch, height, width // 2 + 1, ...].
        width: Of the image.

    Returns:
        [batch, rings, ...].
    """
    batch, height = spectra.shape[:2]
    layout = rings(height, width)
    weights = multiplicities(height, width) / layout.sizes[layout.ring]
    rows = tf.reshape(spectra, [batch, layout.ring.size, -1])
    rows = tf.transpose(rows * tf.constant(weights.reshape(-1, 1), rows.dtype), [1, 0, 2])
    sums = tf.math.unsorted_segment_sum(rows, layout.ring.ravel(), len(layout.sizes))
    shape = [batch, len(layout.sizes), *spectra.shape[3:]]
    return tf.reshape(tf.transpose(sums, [1, 0, 2]), shape)


def spread(table: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Returns what is known of rings at every frequency, interpolated.

    Args:
        table: [batch, rings, n, n].
        height: Of the image.
        width: Of the image.

    Returns:
        [batch, n, n, height, width // 2 + 1].
    """
    layout = rings(height, width)
    table = tf.transpose(table, [0, 2, 3, 1])
    above = np.minimum(layout.below + 1, len(layout.sizes) - 1)
    share = tf.constant(layout.share, table.dtype)
    low, high = tf.gather(table, layout.below, axis=-1), tf.gather(table, above, axis=-1)
    return low + share * (high - low)
