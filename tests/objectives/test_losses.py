import numpy as np
import pytest
import tensorflow as tf

import rwkeras

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(size=(2, 5, 6, 3))
SOURCE = RANDOM.normal(size=(2, 5, 6, 3))


def numpy_gram(features):
    flat = features.reshape(features.shape[0], -1, features.shape[-1])
    return np.stack([f.T @ f / f.shape[0] for f in flat])


def test_content_loss_is_equation_1():
    expected = [np.sum((f - s) ** 2) / (2 * 30 * 3) for f, s in zip(FEATURES, SOURCE, strict=True)]
    np.testing.assert_allclose(rwkeras.content_loss(FEATURES, tf.constant(SOURCE)), expected)


def test_gram_matrix():
    np.testing.assert_allclose(rwkeras.gram_matrix(tf.constant(FEATURES)), numpy_gram(FEATURES))
    dense = rwkeras.gram_matrix(tf.constant(FEATURES[:, 0, 0]))
    np.testing.assert_allclose(dense, np.einsum("bi,bj->bij", *2 * [FEATURES[:, 0, 0]]))


def test_texture_loss_is_equation_6():
    sums = [30 * numpy_gram(f) for f in (FEATURES, SOURCE)]
    expected = np.sum((sums[0] - sums[1]) ** 2, axis=(1, 2)) / (4 * 3**2 * 30**2)
    target = rwkeras.gram_matrix(tf.constant(SOURCE))
    np.testing.assert_allclose(rwkeras.texture_loss(tf.constant(FEATURES), target), expected)


def test_texture_loss_does_not_depend_on_the_number_of_positions():
    target = rwkeras.gram_matrix(tf.constant(SOURCE))
    tiled = tf.constant(np.tile(SOURCE, (1, 2, 3, 1)))
    np.testing.assert_allclose(rwkeras.texture_loss(tiled, target), 0, atol=1e-25)


def test_total_variation():
    down, right = np.diff(FEATURES, axis=1), np.diff(FEATURES, axis=2)
    expected = [np.sum(d**2) + np.sum(r**2) for d, r in zip(down, right, strict=True)]
    np.testing.assert_allclose(rwkeras.total_variation(tf.constant(FEATURES)), expected)


LOSSES = {
    "content": lambda x: rwkeras.content_loss(x, tf.constant(SOURCE)),
    "texture": lambda x: rwkeras.texture_loss(x, rwkeras.gram_matrix(tf.constant(SOURCE))),
    "tv": rwkeras.total_variation,
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_against_finite_differences(name):
    loss = tf.function(LOSSES[name])
    x = tf.constant(FEATURES)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x)
    gradient = tape.gradient(value, x).numpy()
    direction = RANDOM.normal(size=FEATURES.shape)
    step = 1e-5
    difference = (loss(x + step * direction) - loss(x - step * direction)) / (2 * step)
    expected = np.sum(gradient * direction, axis=(1, 2, 3))
    np.testing.assert_allclose(difference, expected, rtol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_members_of_a_batch_are_independent(name):
    swapped = tf.constant(np.stack([FEATURES[0], SOURCE[1]]))
    np.testing.assert_array_equal(LOSSES[name](swapped)[0], LOSSES[name](tf.constant(FEATURES))[0])


def test_equation_7():
    x = tf.constant(FEATURES)
    target = rwkeras.gram_matrix(tf.constant(SOURCE))
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = rwkeras.texture_loss(x, target)
    flat = FEATURES.reshape(2, 30, 3)
    difference = 30 * (numpy_gram(FEATURES) - numpy_gram(SOURCE))
    expected = (flat @ difference / (3**2 * 30**2)).reshape(FEATURES.shape)
    np.testing.assert_allclose(tape.gradient(loss, x), expected)


def test_the_gradient_of_a_gram_matrix_towards_any_direction():
    features = np.random.default_rng(5).normal(size=(2, 3, 4, 5))
    direction = np.random.default_rng(6).normal(size=(2, 5, 5))
    rows = tf.constant(features)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        along = tf.reduce_sum(rwkeras.gram_matrix(rows) * direction)
    both = direction + direction.swapaxes(1, 2)
    expected = np.einsum("bhwi,bij->bhwj", features, both) / 12
    np.testing.assert_allclose(tape.gradient(along, rows), expected)
