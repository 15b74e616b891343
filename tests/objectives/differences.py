"""Gradients against finite differences, and terms in a descent, for losses of all kinds."""

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.tiling.losses import TiledLosses


def gradient(loss, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x)
    return tape.gradient(value, x)


def assert_gradient(loss, x, *, step=1e-6, rtol=1e-5):
    """Compares the gradient of a loss of each image with central differences, in float64."""
    x = tf.constant(x, tf.float64)
    direction = np.random.default_rng(5).normal(size=x.shape)
    axes = tuple(range(1, x.shape.rank))
    expected = (loss(x + step * direction) - loss(x - step * direction)) / (2 * step)
    np.testing.assert_allclose(np.sum(gradient(loss, x) * direction, axes), expected, rtol=rtol)


def assert_descends(model, objective, size=(16, 16), factor=0.2):
    """Minimises an objective on a toy from noise, and returns the result."""
    result = rwkeras.optimize_image(
        model,
        objective,
        rwkeras.white_noise((1, *size, 3), stddev=0.1, seed=1),
        optimizer=rwkeras.OptimizerSettings(memory=8, max_iterations=40),
    )
    assert result.relative_loss < factor
    return result


def assert_not_tiled(model, objective):
    """Compares the message where tiles are asked for."""
    extractor = rwkeras.feature_extractor(model, objective.layers)
    term = objective.terms[0]
    with pytest.raises(ValueError) as error:
        TiledLosses(extractor, objective.structure, 16)
    assert str(error.value) == (
        "Invalid value for argument `objective`. Expected losses of Eq. 1 or 6 on "
        f"'{term.layer}', which are sums over positions. Received: objective={term.name}"
    )
