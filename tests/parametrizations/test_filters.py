import numpy as np
import pytest
import tensorflow as tf

from rwkeras.parametrizations.filters import (
    apply_filters,
    frequencies,
    matrix_power,
    multiplicities,
    normalize,
)
from rwkeras.random import stateless_normal

SIZES = [(16, 16), (12, 20), (15, 11), (2, 2)]


def random_filters(height, width, batch=1):
    rows = np.random.default_rng(0).normal(size=(batch, height, width // 2 + 1, 3, 3))
    positive = rows @ rows.swapaxes(-1, -2) + 0.1 * np.eye(3)
    return tf.constant(positive.transpose(0, 3, 4, 1, 2), tf.float32)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_every_frequency_of_the_plane_is_counted_once(height, width):
    assert multiplicities(height, width).sum() == height * width
    assert frequencies(height, width).min() == 1 / max(height, width)
    assert frequencies(height, width).max() <= np.sqrt(0.5)


def test_matrix_power():
    root = np.random.default_rng(1).normal(size=(5, 3, 3))
    matrices = root @ root.swapaxes(-1, -2) + np.eye(3)
    half = matrix_power(tf.constant(matrices), 0.5).numpy()
    np.testing.assert_allclose(half @ half, matrices)
    np.testing.assert_allclose(matrix_power(tf.constant(matrices), -1), np.linalg.inv(matrices))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_white_coordinates_of_unit_variance_give_an_image_of_unit_variance(height, width):
    filters = normalize(random_filters(height, width), width)
    white = stateless_normal((500, height, width, 3), 3)
    np.testing.assert_allclose(apply_filters(filters, white).numpy().var(), 1, rtol=0.2)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_filter_is_its_own_transpose(height, width):
    filters = random_filters(height, width)
    a, b = (stateless_normal((1, height, width, 3), seed) for seed in (1, 2))
    left = tf.reduce_sum(apply_filters(filters, a) * b)
    right = tf.reduce_sum(a * apply_filters(filters, b))
    np.testing.assert_allclose(left, right, rtol=1e-4)


def test_as_the_discrete_fourier_transform_has_it():
    filters = random_filters(6, 8, batch=2)
    image = np.random.default_rng(2).normal(size=(2, 6, 8, 3))
    planes = np.fft.rfft2(image, axes=(1, 2))
    planes = np.einsum("bcdhw,bhwd->bhwc", filters.numpy(), planes)
    expected = np.fft.irfft2(planes, (6, 8), axes=(1, 2))
    got = apply_filters(filters, tf.constant(image, tf.float32))
    np.testing.assert_allclose(got, expected, atol=1e-4)
    assert got.shape == (2, 6, 8, 3)


def test_no_filter_is_the_identity():
    image = tf.ones([1, 4, 4, 3])
    assert apply_filters(None, image) is image
