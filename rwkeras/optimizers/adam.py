"""Keras's Adam on images, for comparison; one evaluation per iteration.

Keras keeps the optimiser's state in variables. They are set from an `AdamState` before the
iterations and read back after them.
"""

import threading
from typing import NamedTuple

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.optimizers.problem import Limits, is_finite, is_flat


class AdamState(NamedTuple):
    """State of Adam.

    Attributes:
        position: Current point, [batch, n].
        value: Objective at `position`, [batch].
        gradient: Gradient at `position`, [batch, n].
        variables: Keras's variables: step count, learning rate and both moments.
        iterations: Number of steps taken, int32, [batch].
        evaluations: Number of evaluations of the objective, int32, [batch].
        converged: Whether the gradient vanished, bool, [batch].
        failed: Whether the start is not finite, or a step was rejected because its objective or
            gradient was not, bool, [batch].
    """

    position: tf.Tensor
    value: tf.Tensor
    gradient: tf.Tensor
    variables: tuple[tf.Tensor, ...]
    iterations: tf.Tensor
    evaluations: tf.Tensor
    converged: tf.Tensor
    failed: tf.Tensor

    @property
    def loss(self) -> tf.Tensor:
        """The objective, [batch]."""
        return self.value


class Adam:
    """Keras's Adam optimisers by image size, each with the variable that it updates."""

    def __init__(self):
        self._prepared = dict[tuple[int, int], tuple[keras.optimizers.Optimizer, keras.Variable]]()
        # All runs share the variables, so that only one may use them at a time.
        self.lock = threading.Lock()

    def prepare(self, batch: int, size: int) -> tuple[keras.optimizers.Optimizer, keras.Variable]:
        """Returns the optimiser and its variable, [batch, size]; creates them on first use.

        They must exist before the first graph that uses them is traced.
        """
        if (batch, size) not in self._prepared:
            with self.lock:
                if (batch, size) not in self._prepared:
                    self._prepared[batch, size] = _optimizer(batch, size)
        return self._prepared[batch, size]

    def start(self, function, position, first_step, length, memory) -> AdamState:
        """Returns the initial state; see `lbfgs.start`.

        The learning rate is such that the batch's longest first step has the length `first_step`.
        """
        value, gradient = function(position)
        flat = is_flat(gradient)
        count = tf.zeros_like(flat, tf.int32)
        # Adam's first step changes every coordinate by the learning rate.
        signs = tf.sign(gradient)
        rate = tf.math.divide_no_nan(first_step, tf.reduce_max(length(signs)))
        moment = tf.zeros_like(position)
        optimizer, _ = self.prepare(*position.shape)
        step_count = tf.zeros([], optimizer.iterations.dtype)
        # The variable has Keras's `floatx`, which the program may have changed.
        rate = tf.cast(rate, optimizer.variables[1].dtype)
        variables = (step_count, rate, moment, moment)
        failed = ~is_finite(value, gradient)
        return AdamState(position, value, gradient, variables, count, count + 1, flat, failed)

    def revise(self, function, state: AdamState, first_step, length) -> AdamState:
        """Returns the state at the same point for a slightly different objective."""
        value, gradient = function(state.position)
        return state._replace(value=value, gradient=gradient, evaluations=state.evaluations + 1)

    def advance(self, function, state: AdamState, limits: Limits) -> AdamState:
        """Advances to `limits.until` iterations; see `lbfgs.advance`."""
        optimizer, position_variable = self.prepare(*state.position.shape)
        for variable, value in zip(optimizer.variables, state.variables, strict=True):
            variable.assign(value)

        def active(state: AdamState) -> tf.Tensor:
            within = state.iterations < tf.minimum(limits.until, limits.max_iterations)
            within &= state.evaluations < limits.max_evaluations
            return within & ~(state.converged | state.failed)

        end = tf.while_loop(
            lambda *s: tf.reduce_any(active(AdamState(*s))),
            lambda *s: _take_step(
                function, AdamState(*s), active(AdamState(*s)), optimizer, position_variable
            ),
            state,
        )
        with tf.control_dependencies([end.position]):
            variables = tuple(tf.identity(variable.value) for variable in optimizer.variables)
        return end._replace(variables=variables)

    @staticmethod
    def best(state: AdamState) -> tf.Tensor:
        """Returns the current point, [batch, n]."""
        return state.position


def _optimizer(batch: int, size: int) -> tuple[keras.optimizers.Optimizer, keras.Variable]:
    optimizer = keras.optimizers.Adam()
    variable = keras.Variable(tf.zeros([batch, size]), dtype="float32")
    optimizer.build([variable])
    return optimizer, variable


def _take_step(
    function, state: AdamState, active: tf.Tensor, optimizer, position_variable
) -> AdamState:
    """Takes one step of each member in `active`, bool, [batch]."""
    position_variable.assign(state.position)
    # What `apply` does for one variable, but TensorFlow would never free the graph of `apply`.
    optimizer.update_step(state.gradient, position_variable, optimizer.learning_rate)
    optimizer.iterations.assign_add(1)
    position = tf.where(active[:, tf.newaxis], position_variable.value, state.position)
    value, gradient = function(position)
    finite = is_finite(value, gradient)
    taken = active & finite
    rows = taken[:, tf.newaxis]
    count = tf.cast(active, tf.int32)
    return AdamState(
        tf.where(rows, position, state.position),
        tf.where(taken, value, state.value),
        tf.where(rows, gradient, state.gradient),
        state.variables,
        state.iterations + tf.cast(taken, tf.int32),
        state.evaluations + count,
        state.converged | (taken & is_flat(gradient)),
        state.failed | (active & ~finite),
    )
