"""Keras's Adam on an image, for comparison; one evaluation an iteration."""

import functools
from typing import NamedTuple

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.optimizers.problem import is_finite, is_flat


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


@functools.cache
def prepare(batch: int, size: int) -> tuple[keras.optimizers.Optimizer, keras.Variable]:
    """Returns Keras's optimiser and the variable that it moves.

    Keras keeps a state of its own, which is written from `AdamState` and read back. It must be made
    before the first graph that uses it is traced.
    """
    optimizer = keras.optimizers.Adam()
    variable = keras.Variable(tf.zeros([batch, size]))
    optimizer.build([variable])
    return optimizer, variable


def start(function, position, first_step, length, memory) -> AdamState:
    """Returns the state at a start; see `lbfgs.start`. `first_step` is the learning rate."""
    value, gradient = function(position)
    flat = is_flat(gradient)
    count = tf.zeros_like(flat, tf.int32)
    # Adam's first step changes every coordinate by the learning rate.
    even = tf.sign(gradient)
    rate = tf.math.divide_no_nan(first_step, tf.reduce_max(length(even)))
    moment = tf.zeros_like(position)
    optimizer, _ = prepare(*position.shape)
    count_of_keras = tf.zeros([], optimizer.iterations.dtype)
    variables = (count_of_keras, rate, moment, moment)
    failed = ~is_finite(value, gradient)
    return AdamState(position, value, gradient, variables, count, count + 1, flat, failed)


def revise(function, state: AdamState, first_step, length) -> AdamState:
    """Returns the state at the same point for an objective that differs a little."""
    value, gradient = function(state.position)
    return state._replace(value=value, gradient=gradient, evaluations=state.evaluations + 1)


def advance(
    function, state: AdamState, until, max_iterations, max_evaluations, max_trials
) -> AdamState:
    """Goes on until `until` iterations; see `lbfgs.advance`."""
    optimizer, moved = prepare(*state.position.shape)
    for variable, value in zip(optimizer.variables, state.variables, strict=True):
        variable.assign(value)

    def active(state: AdamState) -> tf.Tensor:
        within = (state.iterations < tf.minimum(until, max_iterations)) & (
            state.evaluations < max_evaluations
        )
        return within & ~(state.converged | state.failed)

    def turn(*fields):
        state = AdamState(*fields)
        moves = active(state)
        moved.assign(state.position)
        optimizer.apply([state.gradient], [moved])
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

    end = tf.while_loop(lambda *s: tf.reduce_any(active(AdamState(*s))), turn, state)
    with tf.control_dependencies([end.position]):
        variables = tuple(tf.identity(variable.value) for variable in optimizer.variables)
    return end._replace(variables=variables)


def best(state: AdamState) -> tf.Tensor:
    """Returns the point, [batch, n]."""
    return state.position
