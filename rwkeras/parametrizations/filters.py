"""Linear image coordinates: filters that mix the colour channels of each spatial frequency.

    image = origin + D^T filter D coordinates

D is the orthonormal cosine transform, the Fourier transform of an image mirrored at its borders,
which does not couple opposite borders. The filter is a real symmetric positive matrix,
[channels, channels], at each frequency. Coordinates therefore have the shape of an image, the
operator is symmetric, and white coordinates give an image with the filter's spectrum.
"""

import numpy as np
import tensorflow as tf

from rwkeras.cache import cached


@cached
def frequencies(height: int, width: int) -> np.ndarray:
    """Returns the radial frequencies of the cosine transform in cycles per pixel, [height, width].

    For the constant it is half a cycle per longer side instead of 0.
    """
    vertical = np.arange(height)[:, np.newaxis] / (2 * height)
    horizontal = np.arange(width) / (2 * width)
    return np.maximum(np.hypot(vertical, horizontal), 1 / (2 * max(height, width)))


@cached
def _cosines(size: int) -> np.ndarray:
    """Returns the orthonormal cosine transform (DCT-II), float32, [frequencies, positions]."""
    angles = np.pi / size * np.arange(size)[:, np.newaxis] * (np.arange(size) + 0.5)
    matrix = np.sqrt(2 / size) * np.cos(angles)
    matrix[0] /= np.sqrt(2)
    return matrix.astype(np.float32)


def transform(images: tf.Tensor) -> tf.Tensor:
    """Returns the cosine transform of images.

    Computed as matrix products, which beat fast transforms up to a thousand pixels per side.

    Args:
        images: float32, [batch, height, width, channels].

    Returns:
        float32, [batch, channels, height, width].
    """
    rows, columns = (tf.constant(_cosines(size)) for size in images.shape[1:3])
    planes = tf.transpose(images, [0, 3, 1, 2])
    return rows @ tf.linalg.matmul(planes, columns, transpose_b=True)


def inverse_transform(planes: tf.Tensor) -> tf.Tensor:
    """Returns images from their cosine transform; the inverse of `transform`."""
    rows, columns = (tf.constant(_cosines(size)) for size in planes.shape[2:])
    images = tf.linalg.matmul(rows, planes, transpose_a=True) @ columns
    return tf.transpose(images, [0, 2, 3, 1])


def matrix_power(matrices: tf.Tensor, exponent: float) -> tf.Tensor:
    """Returns a power of symmetric positive matrices, [..., n, n]."""
    values, vectors = tf.linalg.eigh(matrices)
    floor = tf.reduce_max(values, axis=-1, keepdims=True) * np.finfo(np.float32).eps
    values = tf.maximum(values, tf.maximum(floor, np.finfo(np.float32).tiny))
    scaled = vectors * (values**exponent)[..., tf.newaxis, :]
    return tf.linalg.matmul(scaled, vectors, transpose_b=True)


def normalize(filters: tf.Tensor) -> tf.Tensor:
    """Scales filters so that white coordinates of unit variance give images of unit mean variance.

    Args:
        filters: [batch, channels, channels, height, width].
    """
    channels, height, width = filters.shape[2:]
    power = tf.reduce_sum(tf.square(filters), (1, 2, 3, 4), keepdims=True)
    return filters * tf.math.rsqrt(power / (height * width * channels))


def apply_filters(filters: tf.Tensor | None, coordinates: tf.Tensor) -> tf.Tensor:
    """Returns filtered coordinates, [batch, height, width, channels].

    Args:
        filters: float32, [batch or 1, channels, channels, height, width]; None for the identity.
        coordinates: float32, [batch, height, width, channels].
    """
    if filters is None:
        return coordinates
    planes = tf.reduce_sum(filters * transform(coordinates)[:, tf.newaxis], axis=2)
    return tf.ensure_shape(inverse_transform(planes), coordinates.shape)
