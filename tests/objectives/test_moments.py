import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.objectives.balance import WEIGHTINGS
from rwkeras.objectives.moments import covariance_loss, moments, moments_term
from tests.objectives.differences import assert_descends, assert_gradient, assert_not_tiled

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(1, 2, size=(2, 4, 5, 3))
SOURCE = RANDOM.normal(size=(1, 7, 2, 3))


def numpy_moments(image):
    rows = image.reshape(-1, image.shape[-1])
    return rows.mean(0), np.cov(rows.T, bias=True)


def test_moments():
    found = moments(tf.constant(FEATURES))
    assert found.shape == (2, 4, 3)
    for image, both in zip(FEATURES, found, strict=True):
        mean, covariance = numpy_moments(image)
        np.testing.assert_allclose(both[0], mean)
        np.testing.assert_allclose(both[1:], covariance)


def test_loss():
    mean, covariance = numpy_moments(SOURCE[0])
    expected = []
    for image in FEATURES:
        m, c = numpy_moments(image)
        expected.append(np.sum((m - mean) ** 2) / 3 + np.sum((c - covariance) ** 2) / (4 * 9))
    found = covariance_loss(tf.constant(FEATURES), moments(tf.constant(SOURCE)))
    np.testing.assert_allclose(found, expected)


def test_of_maps_without_means_it_is_equation_6():
    centred, source = (x - x.mean((1, 2), keepdims=True) for x in (FEATURES, SOURCE))
    found = covariance_loss(tf.constant(centred), moments(tf.constant(source)))
    expected = rwkeras.texture_loss(tf.constant(centred), rwkeras.gram_matrix(tf.constant(source)))
    np.testing.assert_allclose(found, expected)


def test_a_large_mean_costs_no_digits():
    features = tf.constant(FEATURES + 1e4, tf.float32)
    expected = [numpy_moments(image.astype(np.float64))[1] for image in features.numpy()]
    np.testing.assert_allclose(moments(features)[:, 1:], expected, rtol=1e-2, atol=1e-2)


def test_gradient_against_finite_differences():
    target = moments(tf.constant(SOURCE))
    assert_gradient(lambda x: covariance_loss(x, target), FEATURES)


@pytest.mark.slow
def test_term(toy, square):
    source = rwkeras.extract(toy, ["conv2_1"], square[np.newaxis])["conv2_1"]
    objective = moments_term("conv2_1", source)
    assert [term.name for term in objective.terms] == ["moments/conv2_1"]
    np.testing.assert_allclose(objective({"conv2_1": source})["moments/conv2_1"], [0], atol=1e-8)
    assert_descends(toy, objective, (20, 24))
    assert_not_tiled(toy, objective)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_it_can_be_balanced(toy, square, weighting):
    source = rwkeras.extract(toy, ["conv2_1"], square[np.newaxis])["conv2_1"]
    balanced = rwkeras.balance(
        toy, moments_term("conv2_1", source), square[np.newaxis], weighting=weighting
    )
    assert np.all(np.isfinite(balanced.terms[0].weight))
