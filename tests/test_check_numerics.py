"""Healthy runs pass TensorFlow's checks for infinities and NaN (`enable_check_numerics`)."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.objectives.natural import tv_beta_term
from rwkeras.optimizers.compiled_problem import CompiledProblem
from rwkeras.optimizers.loop import minimize
from rwkeras.optimizers.problem import Problem
from rwkeras.optimizers.run import Run
from rwkeras.optimizers.settings import OPTIMIZERS, OptimizerSettings
from tests.conftest import waves


@pytest.fixture
def checked():
    tf.debugging.enable_check_numerics()
    yield
    tf.debugging.disable_check_numerics()


def valley(images, data):
    """Rosenbrock's function of neighbouring pixels, where the first line searches go astray."""
    x = tf.reshape(images, [images.shape[0], -1])
    terms = 100 * tf.square(x[:, 1:] - x[:, :-1] ** 2) + tf.square(1 - x[:, :-1])
    return {"valley": data * tf.reduce_sum(terms, 1)}


def minimized(optimizer, start, data, **settings):
    settings = {"parametrization": "pixels", "max_iterations": 40, "memory": 3, **settings}
    settings = OptimizerSettings(optimizer=optimizer, precision="float32", **settings)
    problem = CompiledProblem(Problem({"float32": valley}), optimizer, settings.memory)
    return minimize(Run(problem, start, data, 0, settings))


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_optimisers(checked, optimizer):
    # One member converges long before another, and one is at the minimum from the start.
    start = np.stack([np.full((2, 2, 3), value, np.float32) for value in (-1.2, 0.999, 1.0)])
    result = minimized(optimizer, tf.constant(start), tf.constant([1.0, 1e-4, 1.0]))
    assert np.isfinite(result.loss).all()
    assert result.loss[0] < result.initial_loss[0]
    assert result.loss[2] == 0


@pytest.mark.slow
def test_the_checks_change_nothing(checked):
    start = tf.fill([1, 2, 2, 3], -0.5)
    found = minimized("lbfgs", start, tf.constant([1.0]))
    tf.debugging.disable_check_numerics()
    expected = minimized("lbfgs", start, tf.constant([1.0]))
    np.testing.assert_array_equal(found.image, expected.image)


@pytest.mark.slow
def test_tasks(checked):
    model, image = rwkeras.toy_vgg(seed=3), waves(16, 16)
    rwkeras.calibrate(model, image)
    optimizer = rwkeras.OptimizerSettings(max_iterations=8, precision="float32", memory=3)
    result = rwkeras.invert(model, image, rwkeras.InversionSettings("conv1_2"), optimizer=optimizer)
    assert result.loss < result.initial_loss


def test_measures(checked, image):
    assert rwkeras.psnr(image, image) == np.inf
    np.testing.assert_array_equal(
        rwkeras.psnr([image, image], [image, image[::-1]])[1], rwkeras.psnr(image, image[::-1])[0]
    )
    assert rwkeras.ssim(image, image) == 1
    assert rwkeras.patch_distance(image, image, directions=3) == 0
    assert rwkeras.mean_euclidean_distance(image, image) == 0


def test_losses(checked, batch):
    term = (
        tv_beta_term(1.0)
        + rwkeras.spectrum_term(batch)
        + rwkeras.texture_term("input", [batch, 1 - batch], join="log_euclidean")
        + rwkeras.sliced_wasserstein_term("input", batch)
    )
    with tf.GradientTape() as tape:
        tape.watch(batch)
        total = tf.add_n(list(term({"input": batch}).values()))
    assert np.isfinite(tape.gradient(total, batch)).all()


@pytest.mark.slow
def test_a_program_that_trains_by_a_perceptual_loss(checked):
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(3, 1)(inputs))
    loss = rwkeras.RandomPerceptualLoss(
        "toy_vgg", feature_layers=["conv1_2"], style_layers=["conv1_1"], pixel_weight=1.0
    )
    model.compile("adam", loss, jit_compile=False)
    pictures = np.stack([waves(16, 16)] * 2)
    assert np.isfinite(model.fit(pictures, pictures[:, ::-1], verbose=0).history["loss"]).all()
