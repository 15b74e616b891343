import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.serving.graph.descent import Budget, minimize
from rwkeras.tasks.invert import inversion_objective
from rwkeras.tasks.settings import InversionSettings
from tests.conftest import waves


@pytest.fixture(scope="module")
def outcome(toy):
    """What is exported: one graph for images of any size and any budget."""

    @tf.function(
        input_signature=[tf.TensorSpec([1, None, None, 3])] * 2 + [tf.TensorSpec([], tf.int32)] * 2,
        autograph=False,
    )
    def run(image, start, iterations, evaluations):
        objective = inversion_objective(toy, image, InversionSettings("conv2_1"))
        return minimize(toy, objective, start, Budget(iterations, evaluations))

    return run


@pytest.mark.parametrize(("iterations", "evaluations"), [(0, 9), (6, 100), (100, 7)])
def test_it_is_what_optimize_image_does(toy, outcome, iterations, evaluations):
    image, start = waves(20, 28)[np.newaxis], np.full((1, 20, 28, 3), 0.5, np.float32)
    found = outcome(image, start, iterations, evaluations)
    expected = rwkeras.optimize_image(
        toy,
        inversion_objective(toy, tf.constant(image), InversionSettings("conv2_1")),
        tf.constant(start),
        optimizer=rwkeras.OptimizerSettings(
            max_iterations=iterations,
            max_evaluations=evaluations,
            parametrization="pixels",
            precision="float32",
        ),
    )
    np.testing.assert_allclose(found.image, expected.image[0], atol=1e-3)
    np.testing.assert_allclose(found.loss, expected.loss[0], rtol=1e-3)
    np.testing.assert_allclose(found.initial_loss, expected.initial_loss[0], rtol=1e-5)
    assert found.iterations == expected.iterations[0]
    assert found.evaluations == expected.evaluations[0]
    assert (bool(found.converged), bool(found.failed)) == (False, False)


@pytest.mark.parametrize(("iterations", "evaluations"), [(0, 1), (3, 4), (40, 51)])
def test_evaluations_follow_from_the_iterations_unless_given(iterations, evaluations):
    assert Budget(tf.constant(iterations), tf.constant(0)).evaluations == evaluations
    assert Budget(tf.constant(iterations), tf.constant(7)).evaluations == 7


def test_black_image_fails_without_iterations(outcome):
    # Its gradient has no size that a loss could be balanced by.
    black = np.zeros((1, 20, 28, 3), np.float32)
    found = outcome(black, black, 5, 9)
    assert bool(found.failed)
    assert (found.iterations, found.evaluations) == (0, 1)
    np.testing.assert_array_equal(found.image, black[0])
