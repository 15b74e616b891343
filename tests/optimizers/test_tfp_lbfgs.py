import numpy as np
import pytest
import scipy.optimize
import tensorflow as tf

from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.optimizers.tfp_lbfgs import TfpLbfgs

SHAPE = (2, 3, 4, 3)
SIZE = 36
CENTRE = np.random.default_rng(0).uniform(0.2, 0.8, SHAPE).astype(np.float32)
CURVATURE = np.geomspace(1, 300, SIZE).reshape(SHAPE[1:]).astype(np.float32)
START = tf.fill(SHAPE, 0.5)


def quadratic(images, scale):
    residual = CURVATURE * tf.square(images - CENTRE)
    loss = scale * tf.reduce_sum(residual, (1, 2, 3))
    return {"left": 0.25 * loss, "right": 0.75 * loss}


def rosenbrock(images, offset):
    x = 4 * tf.reshape(images, [images.shape[0], -1]) - offset
    steps = 100 * tf.square(x[:, 1:] - x[:, :-1] ** 2) + tf.square(1 - x[:, :-1])
    return {"rosenbrock": tf.reduce_sum(steps, 1)}


def run(function, data, callback=None, start=START, **settings):
    lbfgs = TfpLbfgs(function, settings.pop("memory", 20))
    return lbfgs.run(start, data, OptimizerSettings(**settings), callback)


def test_finds_the_minimum_of_each_member():
    result = run(quadratic, tf.constant([1.0, 1.0]), max_iterations=100)
    np.testing.assert_allclose(result.image, CENTRE, atol=1e-4)
    assert result.converged.all() or (result.loss < 1e-6).all()
    assert set(result.losses) == {"left", "right"}
    np.testing.assert_allclose(result.losses["right"], 3 * result.losses["left"], rtol=1e-5)
    np.testing.assert_allclose(result.loss, sum(result.losses.values()))


def test_rosenbrock_as_scipy():
    offset = tf.constant(1.0)
    start = tf.fill((1, 2, 2, 3), 0.3)
    result = run(rosenbrock, offset, start=start, max_iterations=200)

    def value(x):
        x = 4 * x - 1
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    found = scipy.optimize.minimize(value, np.full(12, 0.3), method="L-BFGS-B", tol=1e-14)
    np.testing.assert_allclose(result.image.ravel(), found.x, atol=1e-3)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_the_scale_of_the_loss_does_not_matter(scale):
    result = run(quadratic, tf.constant([scale, scale]), max_iterations=40)
    np.testing.assert_allclose(result.image, CENTRE, atol=5e-3)
    assert result.evaluations < 150


def test_first_step_has_the_length_that_was_asked_for():
    def slope(images, data):
        return {"slope": data * tf.reduce_sum(images, (1, 2, 3))}

    seen = []
    run(
        slope,
        tf.constant([1.0, 50.0]),
        lambda progress: seen.append(progress.images.numpy()),
        max_iterations=0,
        first_step=0.1,
    )
    lbfgs = TfpLbfgs(slope, 5)
    state = lbfgs.start(START, tf.constant(0.1), tf.constant([1.0, 50.0]))
    step = state.optimizer.objective_gradient.numpy()
    np.testing.assert_allclose(np.sqrt(np.mean(step**2, axis=1)), 0.1, rtol=1e-5)


def test_in_chunks_bit_for_bit_as_in_one_run():
    data = tf.constant([1.0, 2.0])
    whole = run(quadratic, data, max_iterations=24, report_every=24)
    chunks = run(quadratic, data, max_iterations=24, report_every=5)
    np.testing.assert_array_equal(whole.image, chunks.image)
    assert whole.evaluations == chunks.evaluations
    assert whole.iterations == chunks.iterations == 24


def test_callback_hears_of_start_and_chunks_and_end():
    seen = []
    result = run(quadratic, tf.constant([1.0, 1.0]), seen.append, max_iterations=12, report_every=5)
    assert [progress.iteration for progress in seen] == [0, 5, 10, 12]
    assert seen[0].evaluations == 1
    assert seen[0].max_iterations == 12
    assert seen[-1].evaluations == result.evaluations
    np.testing.assert_allclose(seen[0].loss, result.initial_loss, rtol=1e-5)
    np.testing.assert_array_equal(seen[0].images, START)
    assert (seen[-1].loss < seen[0].loss).all()
    assert not result.stopped


def test_callback_stops():
    result = run(
        quadratic,
        tf.constant([1.0, 1.0]),
        lambda progress: progress.iteration >= 10,
        max_iterations=100,
        report_every=5,
    )
    assert result.stopped
    assert result.iterations == 10


def test_no_iterations_return_the_start():
    result = run(quadratic, tf.constant([1.0, 1.0]), max_iterations=0)
    np.testing.assert_array_equal(result.image, START)
    assert result.iterations == 0
    assert not result.converged.any()


def test_nothing_is_traced_from_run_to_run():
    traces = []

    def counted(images, scale):
        traces.append(images.shape)
        return quadratic(images, scale)

    lbfgs = TfpLbfgs(counted, 5)
    for scale, iterations in ((1.0, 10), (2.0, 23)):
        settings = OptimizerSettings(max_iterations=iterations, report_every=4)
        lbfgs.run(START + 0.1, tf.constant([scale, scale]), settings)
        if scale == 1.0:
            first = len(traces)
    assert len(traces) == first
    assert set(traces) == {tf.TensorShape(SHAPE)}


def test_a_loss_that_is_not_finite_from_the_start():
    result = run(quadratic, tf.constant([np.nan, 1.0]), max_iterations=60)
    assert result.failed.tolist() == [True, False]
    np.testing.assert_array_equal(result.image[0], START[0])
    np.testing.assert_allclose(result.image[1], CENTRE[1], atol=1e-3)


def test_a_region_where_the_loss_is_not_finite_is_avoided():
    def walled(images, data):
        distance = tf.reduce_sum(tf.square(images - CENTRE), (1, 2, 3))
        inside = tf.reduce_all(images < 0.7, (1, 2, 3))
        return {"walled": tf.where(inside, data * distance, np.nan)}

    result = run(walled, tf.constant(1.0), max_iterations=30)
    assert np.isfinite(result.loss).all()
    assert (result.loss < result.initial_loss).all()
    assert (result.image < 0.7).all()


def test_a_flat_start_is_converged():
    def flat(images, data):
        return {"flat": data + 0 * tf.reduce_sum(images, (1, 2, 3))}

    result = run(flat, tf.constant(1.0), max_iterations=10)
    assert result.converged.all()
    assert not result.failed.any()
    np.testing.assert_array_equal(result.image, START)
