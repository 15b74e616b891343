import numpy as np
import pytest
import scipy.fft
import tensorflow as tf

from rwkeras.parametrizations.filters import (
    apply_filters,
    frequencies,
    inverse_transform,
    matrix_power,
    normalize,
    transform,
)
from rwkeras.random import stateless_normal

SIZES = [(16, 16), (12, 20), (15, 11), (2, 2)]


def random_filters(height, width, batch=1):
    rows = np.random.default_rng(0).normal(size=(batch, height, width, 3, 3))
    positive = rows @ rows.swapaxes(-1, -2) + 0.1 * np.eye(3)
    return tf.constant(positive.transpose(0, 3, 4, 1, 2), tf.float32)


def test_frequencies_are_half_cycles_of_the_picture():
    got = frequencies(10, 20)
    assert got.shape == (10, 20)
    np.testing.assert_allclose(got[0, 1:3], [1 / 40, 2 / 40])
    np.testing.assert_allclose(got[:2, 0], [1 / 40, 1 / 20])
    np.testing.assert_allclose(got[4, 6], np.hypot(4 / 20, 6 / 40))
    assert got.max() < np.sqrt(0.5)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_transform_is_the_orthonormal_cosine_transform(height, width):
    images = np.random.default_rng(4).normal(size=(2, height, width, 3)).astype(np.float32)
    planes = transform(tf.constant(images))
    expected = scipy.fft.dctn(images.astype(np.float64), axes=(1, 2), norm="ortho")
    np.testing.assert_allclose(planes, expected.transpose(0, 3, 1, 2), atol=1e-5)
    np.testing.assert_allclose(inverse_transform(planes), images, atol=1e-5)


def test_matrix_power():
    root = np.random.default_rng(1).normal(size=(5, 3, 3))
    matrices = root @ root.swapaxes(-1, -2) + np.eye(3)
    half = matrix_power(tf.constant(matrices), 0.5).numpy()
    np.testing.assert_allclose(half @ half, matrices)
    np.testing.assert_allclose(matrix_power(tf.constant(matrices), -1), np.linalg.inv(matrices))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_white_coordinates_of_unit_variance_give_an_image_of_unit_variance(height, width):
    filters = normalize(random_filters(height, width))
    white = stateless_normal((500, height, width, 3), 3)
    np.testing.assert_allclose(apply_filters(filters, white).numpy().var(), 1, rtol=0.2)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_filter_is_its_own_transpose(height, width):
    filters = random_filters(height, width)
    a, b = (stateless_normal((1, height, width, 3), seed) for seed in (1, 2))
    left = tf.reduce_sum(apply_filters(filters, a) * b)
    right = tf.reduce_sum(a * apply_filters(filters, b))
    np.testing.assert_allclose(left, right, rtol=1e-4)


def test_each_frequency_is_multiplied_by_its_matrix():
    filters = random_filters(6, 8, batch=2)
    image = np.random.default_rng(2).normal(size=(2, 6, 8, 3))
    planes = scipy.fft.dctn(image, axes=(1, 2), norm="ortho")
    planes = np.einsum("bcdhw,bhwd->bhwc", filters.numpy(), planes)
    expected = scipy.fft.idctn(planes, axes=(1, 2), norm="ortho")
    got = apply_filters(filters, tf.constant(image, tf.float32))
    np.testing.assert_allclose(got, expected, atol=1e-4)
    assert got.shape == (2, 6, 8, 3)


def test_filters_do_not_wrap_around():
    blur = tf.cast(tf.exp(-100 * frequencies(64, 64)), tf.float32)
    blur = blur * tf.eye(3)[:, :, tf.newaxis, tf.newaxis]
    spike = np.zeros((1, 64, 64, 3), np.float32)
    spike[0, 30, 63] = 1
    spread = apply_filters(blur[tf.newaxis], tf.constant(spike)).numpy()[0, 30, :, 0]
    assert spread[0] < 0.01 * spread[63]


def test_no_filter_is_the_identity():
    image = tf.ones([1, 4, 4, 3])
    assert apply_filters(None, image) is image
