"""Compiled functions of an optimisation problem and an optimiser."""

import contextlib
from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.compiled import Compiled
from rwkeras.optimizers import adam, lbfgs, tfp_lbfgs
from rwkeras.optimizers.problem import Coordinates, Problem, value_and_gradient
from rwkeras.parametrizations.curvature import power_spectrum

# Each has the functions `start`, `revise`, `advance` and `best` of `lbfgs`.
_METHODS: dict[str, Any] = {"lbfgs": lambda: lbfgs, "tfp": lambda: tfp_lbfgs, "adam": adam.Adam}

# Number of random gradients from which the curvature is estimated.
PROBES = 2


class CompiledProblem:
    """Compiled functions of one objective and one optimiser.

    The objective's data (weights, targets), coordinates and limits are arguments of the compiled
    functions, so that nothing is traced again while shapes stay the same. Runs in several threads
    may share the functions.

    Args:
        problem: The objective.
        optimizer: One of `OPTIMIZERS`.
        memory: See `OptimizerSettings.memory`.
    """

    def __init__(self, problem: Problem, optimizer: str, memory: int):
        self.problem = problem
        self._method = _METHODS[optimizer]()
        self._memory = memory
        self.correct = Compiled(problem.correct)
        self.curvature = Compiled(self._curvature)
        self.start = Compiled(self._start)
        self.revise = Compiled(self._revise)
        self._compiled_advance = Compiled(self._advance)
        # Adam uses shared Keras variables, one run at a time.
        is_adam = isinstance(self._method, adam.Adam)
        self._lock = self._method.lock if is_adam else contextlib.nullcontext()
        self.images = Compiled(self._images)
        self.losses = Compiled(self._losses)

    def prepare(self, shape: tf.TensorShape) -> None:
        """Creates the variables that must exist before tracing for images of a shape."""
        if isinstance(self._method, adam.Adam):
            self._method.prepare(shape[0], int(np.prod(shape[1:])))

    def advance(self, *arguments: Any) -> Any:
        """Returns the optimiser's state after more iterations; see `_advance`."""
        with self._lock:
            return self._compiled_advance(*arguments)

    def _curvature(self, precision, images, data):
        """Returns the objective's curvature at images, by ring; see `power_spectrum`."""
        gradients = (
            self.problem.random_gradients[precision](images, data, n) for n in range(PROBES)
        )
        return tf.add_n([power_spectrum(gradient) for gradient in gradients]) / PROBES

    def _function(self, precision: str, coordinates: Coordinates, data):
        return value_and_gradient(self.problem.losses[precision], coordinates, data)

    def _start(self, precision, coordinates, first_step, data):
        """Returns the optimiser's state at the coordinates' origin; costs one evaluation."""
        shape = coordinates.origin.shape
        position = tf.zeros([shape[0], int(np.prod(shape[1:]))])
        function = self._function(precision, coordinates, data)
        return self._method.start(function, position, first_step, coordinates.length, self._memory)

    def _revise(self, precision, coordinates, state, first_step, data):
        """Returns the state at the same point in another precision; costs one evaluation."""
        function = self._function(precision, coordinates, data)
        return self._method.revise(function, state, first_step, coordinates.length)

    def _advance(self, precision, coordinates, state, limits, data):
        """Returns the state after more iterations; `limits` as in `lbfgs.advance`."""
        return self._method.advance(self._function(precision, coordinates, data), state, limits)

    def _images(self, coordinates, state):
        """Returns the best images so far."""
        return coordinates.images(self._method.best(state))

    def _losses(self, precision, coordinates, state, data):
        """Returns the best images so far and their weighted terms."""
        images = self._images(coordinates, state)
        return images, self.problem.losses[precision](images, data)
