"""Keras's Adam on an image, for comparison; one evaluation an iteration.

Keras keeps a state of its own in variables, which is written from `AdamState` and read back.
"""

import threading
from typing import NamedTuple

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.optimizers.problem import Limits, is_finite, is_flat


class AdamState(NamedTuple):
    """A point from which Adam goes on.

    Attributes:
        position: [batch, n].
        value: The objective there, [batch].
        gradient: The gradient there, [batch, n].
        variables: Keras's own state: the step, the learning rate and both moments.
        iterations: int32, [batch].
        evaluations: int32, [batch].
        converged: bool, [batch]: the gradient vanished.
        failed: bool, [batch]: a step led to a loss that is not finite, and was not taken.
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
    """Keras's optimisers for images of some sizes, each with the variable that it moves."""

    def __init__(self):
        self._prepared = dict[tuple[int, int], tuple[keras.optimizers.Optimizer, keras.Variable]]()
        # The variables serve one run at a time.
        self.lock = threading.Lock()

    def prepare(self, batch: int, size: int) -> tuple[keras.optimizers.Optimizer, keras.Variable]:
        """Returns the optimiser and its variable, [batch, size].

        They must be made before the first graph that uses them is traced.
        """
        if (batch, size) not in self._prepared:
            with self.lock:
                if (batch, size) not in self._prepared:
                    self._prepared[batch, size] = _optimizer(batch, size)
        return self._prepared[batch, size]

    def start(self, function, position, first_step, length, memory) -> AdamState:
        """Returns the state at a start; see `lbfgs.start`. `first_step` is the learning rate."""
        value, gradient = function(position)
        flat = is_flat(gradient)
        count = tf.zeros_like(flat, tf.int32)
        # Adam's first step changes every coordinate by the learning rate.
        even = tf.sign(gradient)
        rate = tf.math.divide_no_nan(first_step, tf.reduce_max(length(even)))
        moment = tf.zeros_like(position)
        optimizer, _ = self.prepare(*position.shape)
        count_of_keras = tf.zeros([], optimizer.iterations.dtype)
        # Of `floatx`, which is the surrounding program's.
        rate = tf.cast(rate, optimizer.variables[1].dtype)
        variables = (count_of_keras, rate, moment, moment)
        failed = ~is_finite(value, gradient)
        return AdamState(position, value, gradient, variables, count, count + 1, flat, failed)

    def revise(self, function, state: AdamState, first_step, length) -> AdamState:
        """Returns the state at the same point for an objective that differs a little."""
        value, gradient = function(state.position)
        return state._replace(value=value, gradient=gradient, evaluations=state.evaluations + 1)

    def advance(self, function, state: AdamState, limits: Limits) -> AdamState:
        """Goes on until `limits.until` iterations; see `lbfgs.advance`."""
        optimizer, moved = self.prepare(*state.position.shape)
        for variable, value in zip(optimizer.variables, state.variables, strict=True):
            variable.assign(value)

        def active(state: AdamState) -> tf.Tensor:
            within = state.iterations < tf.minimum(limits.until, limits.max_iterations)
            within &= state.evaluations < limits.max_evaluations
            return within & ~(state.converged | state.failed)

        end = tf.while_loop(
            lambda *s: tf.reduce_any(active(AdamState(*s))),
            lambda *s: _turn(function, AdamState(*s), active(AdamState(*s)), optimizer, moved),
            state,
        )
        with tf.control_dependencies([end.position]):
            variables = tuple(tf.identity(variable.value) for variable in optimizer.variables)
        return end._replace(variables=variables)

    @staticmethod
    def best(state: AdamState) -> tf.Tensor:
        """Returns the point, [batch, n]."""
        return state.position


def _optimizer(batch: int, size: int) -> tuple[keras.optimizers.Optimizer, keras.Variable]:
    optimizer = keras.optimizers.Adam()
    variable = keras.Variable(tf.zeros([batch, size]), dtype="float32")
    optimizer.build([variable])
    return optimizer, variable


def _turn(function, state: AdamState, moves: tf.Tensor, optimizer, moved) -> AdamState:
    """Takes one step of every member that moves."""
    moved.assign(state.position)
    # What `apply` does of one variable, with which TensorFlow would keep the graph for ever.
    optimizer.update_step(state.gradient, moved, optimizer.learning_rate)
    optimizer.iterations.assign_add(1)
    position = tf.where(moves[:, tf.newaxis], moved.value, state.position)
    value, gradient = function(position)
    finite = is_finite(value, gradient)
    taken = moves & finite
    rows = taken[:, tf.newaxis]
    count = tf.cast(moves, tf.int32)
    return AdamState(
        tf.where(rows, position, state.position),
        tf.where(taken, value, state.value),
        tf.where(rows, gradient, state.gradient),
        state.variables,
        state.iterations + tf.cast(taken, tf.int32),
        state.evaluations + count,
        state.converged | (taken & is_flat(gradient)),
        state.failed | (moves & ~finite),
    )
