"""Linear coordinates of images: a filter that mixes the colours of each spatial frequency.

    image = origin + inverse_fft(filter * fft(coordinates))

The filter is a real symmetric positive matrix, [channels, channels], at each frequency, so the
coordinates have an image's shape, and white coordinates give an image of the filter's spectrum.
"""

import functools

import numpy as np
import tensorflow as tf


@functools.lru_cache(maxsize=8)
def frequencies(height: int, width: int) -> np.ndarray:
    """Returns the radial frequencies in cycles a pixel, [height, width // 2 + 1], as of `rfft2`.

    That of the constant is given as one cycle in the longer side instead of 0.
    """
    vertical, horizontal = np.fft.fftfreq(height)[:, np.newaxis], np.fft.rfftfreq(width)
    return np.maximum(np.hypot(vertical, horizontal), 1 / max(height, width))


@functools.lru_cache(maxsize=8)
def multiplicities(height: int, width: int) -> np.ndarray:
    """Returns how many frequencies of `fft2` each one of `rfft2` stands for, the same shape."""
    counts = np.full((height, width // 2 + 1), 2.0)
    counts[:, 0] = 1
    if width % 2 == 0:
        counts[:, -1] = 1
    return counts


def matrix_power(matrices: tf.Tensor, exponent: float) -> tf.Tensor:
    """Returns a power of symmetric positive matrices, [..., n, n]."""
    values, vectors = tf.linalg.eigh(matrices)
    floor = tf.reduce_max(values, axis=-1, keepdims=True) * np.finfo(np.float32).eps
    values = tf.maximum(values, tf.maximum(floor, np.finfo(np.float32).tiny))
    scaled = vectors * (values**exponent)[..., tf.newaxis, :]
    return tf.linalg.matmul(scaled, vectors, transpose_b=True)


def normalize(filters: tf.Tensor, width: int) -> tf.Tensor:
    """Returns filters scaled so that white coordinates of unit variance give such an image.

    Args:
        filters: [batch, channels, channels, height, width // 2 + 1].
        width: Of the image.
    """
    height, channels = filters.shape[-2], filters.shape[1]
    shares = multiplicities(height, width) / (height * width * channels)
    power = tf.reduce_sum(tf.square(filters) * tf.constant(shares, filters.dtype), (1, 2, 3, 4))
    return filters / tf.reshape(tf.sqrt(power), [-1, 1, 1, 1, 1])


def apply_filters(filters: tf.Tensor | None, coordinates: tf.Tensor) -> tf.Tensor:
    """Returns filtered coordinates, [batch, height, width, channels].

    Args:
        filters: float32, [batch or 1, channels, channels, height, width // 2 + 1]; None for the
            identity.
        coordinates: float32, [batch, height, width, channels].
    """
    if filters is None:
        return coordinates
    height, width = coordinates.shape[1:3]
    planes = tf.signal.rfft2d(tf.transpose(coordinates, [0, 3, 1, 2]))
    planes = tf.reduce_sum(tf.cast(filters, tf.complex64) * planes[:, tf.newaxis], axis=2)
    filtered = tf.signal.irfft2d(planes, [height, width])
    return tf.ensure_shape(tf.transpose(filtered, [0, 2, 3, 1]), coordinates.shape)
