"""Whole optimisation within a TensorFlow graph."""

from typing import NamedTuple

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.features import INPUT, feature_extractor
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers import lbfgs
from rwkeras.optimizers.problem import UNBOUNDED, Coordinates, Limits, value_and_gradient
from rwkeras.optimizers.settings import OptimizationResult, OptimizerSettings

_SETTINGS = OptimizerSettings()


class Budget(NamedTuple):
    """Limits of an optimisation.

    Attributes:
        max_iterations: Maximum number of iterations, int32, [].
        max_evaluations: Maximum number of gradient evaluations, int32, []; 0 for a number that
            the iterations seldom exceed.
    """

    max_iterations: tf.Tensor
    max_evaluations: tf.Tensor

    @property
    def evaluations(self) -> tf.Tensor:
        """Maximum number of evaluations: if not given, iterations plus a quarter, plus 1."""
        usual = self.max_iterations + self.max_iterations // 4 + 1
        return tf.where(self.max_evaluations > 0, self.max_evaluations, usual)


def minimize(
    model: keras.Model,
    objective: Objective,
    start: tf.Tensor,
    budget: Budget,
    memory: int = _SETTINGS.memory,
) -> OptimizationResult:
    """Minimises an objective over the pixels of one image, by L-BFGS in float32.

    Takes the same steps as `optimize_image` with these settings, but in one loop of the graph, so
    that the image's size may be unknown until the graph runs.

    Args:
        model: A functional `keras.Model` of images in [0, 1].
        objective: The terms.
        start: Initial image, float32, [1, height, width, 3].
        budget: Limits of iterations and evaluations.
        memory: Number of pairs that L-BFGS keeps.

    Returns:
        The result of one image as tensors without a batch dimension; `losses` are a vector in the
        objective's order.
    """
    extractor = feature_extractor(model, objective.layers)

    def losses(images, data):
        return objective({**extractor(images), INPUT: images})

    coordinates = Coordinates(start, None)
    # A separate `tf.function`, so that the export holds the network's gradient once.
    function = tf.function(value_and_gradient(losses, coordinates, None), autograph=False)
    state = lbfgs.start(
        function,
        tf.zeros([1, tf.size(start)]),
        tf.constant(_SETTINGS.first_step),
        coordinates.length,
        memory,
    )
    initial_loss = state.loss
    limits = Limits(
        until=budget.max_iterations,
        max_iterations=budget.max_iterations,
        max_evaluations=budget.evaluations,
        max_trials=tf.constant(UNBOUNDED),
    )
    state = lbfgs.advance(function, state, limits)
    images = coordinates.images(lbfgs.best(state))
    terms = tf.stack(list(losses(images, None).values()), axis=1)
    loss = tf.reduce_sum(terms, axis=1)
    return OptimizationResult(
        image=tf.clip_by_value(images[0], 0, 1),
        loss=loss[0],
        initial_loss=initial_loss[0],
        losses=terms[0],
        iterations=state.iterations[0],
        evaluations=state.evaluations[0],
        converged=state.converged[0],
        failed=(state.failed | ~tf.math.is_finite(loss))[0],
        stopped=False,
    )
