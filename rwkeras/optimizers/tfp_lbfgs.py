"""TensorFlow Probability's L-BFGS, for comparison; three evaluations per iteration."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow.python.eager import context

from rwkeras.optimizers.problem import Limits, ValueAndGradient, is_finite, is_flat


class TfpState(NamedTuple):
    """State of `tfp.optimizer.lbfgs_minimize`.

    Attributes:
        results: TFP's state, of the scaled objective.
        scale: Factor of the objective, [batch].
        iterations: Number of iterations, int32, [batch]; the same for all members, as TFP continues
            until the slowest is done.
        evaluations: Number of evaluations, int32, [batch]; the same for all members.
        converged: bool, [batch].
        failed: bool, [batch].
    """

    results: Any
    scale: tf.Tensor
    iterations: tf.Tensor
    evaluations: tf.Tensor
    converged: tf.Tensor
    failed: tf.Tensor

    @property
    def loss(self) -> tf.Tensor:
        """The objective, [batch]."""
        return self.results.objective_value / self.scale


def _scaled(function: ValueAndGradient, scale: tf.Tensor) -> Callable:
    # As a separate `tf.function` it is traced once; TFP's line search would trace it ten times.
    @tf.function(autograph=False)
    def scaled(position):
        value, gradient = function(position)
        return scale * value, scale[:, tf.newaxis] * gradient

    return scaled


@contextlib.contextmanager
def _without_numerics_checks() -> Iterator[None]:
    """Exempts operations that are created in the block from `tf.debugging.enable_check_numerics`.

    TFP divides by zero in healthy runs and discards the result. TensorFlow has no public way to
    query whether the checks are enabled.
    """
    eager_context = context.context()
    checks = [
        callback
        for callback in eager_context.op_callbacks
        if type(getattr(callback, "__self__", None)).__name__ == "CheckNumericsCallback"
    ]
    for callback in checks:
        eager_context.remove_op_callback(callback)
    try:
        yield
    finally:
        for callback in checks:
            eager_context.add_op_callback(callback)


def _minimize(function, iterations, memory, *, position=None, results=None):
    with _without_numerics_checks():
        return tfp.optimizer.lbfgs_minimize(
            function,
            initial_position=position,
            previous_optimizer_results=results,
            max_iterations=iterations,
            num_correction_pairs=memory,
            tolerance=0.0,
        )


def start(function, position, first_step, length, memory) -> TfpState:
    """Returns the initial state; see `lbfgs.start`."""
    value, gradient = function(position)
    # TFP's first step is the gradient itself, whatever its length.
    step_length = length(gradient)
    scale = first_step / tf.where(step_length > 0, step_length, tf.ones_like(step_length))
    scale = tf.where(
        (step_length > 0) & (scale > 0) & tf.math.is_finite(scale), scale, tf.ones_like(scale)
    )
    scaled = scale * value, scale[:, tf.newaxis] * gradient
    results = _minimize(lambda position: scaled, 0, memory, position=position)
    flat = is_flat(gradient)
    count = tf.zeros_like(flat, tf.int32)
    return TfpState(results, scale, count, count + 1, results.converged | flat, results.failed)


def revise(function, state: TfpState, first_step, length) -> TfpState:
    """Returns the state at the same point for a slightly different objective."""
    value, gradient = function(state.results.position)
    flat = is_flat(gradient)
    failed = ~is_finite(value, gradient)
    results = state.results._replace(
        objective_value=state.scale * value,
        objective_gradient=state.scale[:, tf.newaxis] * gradient,
        converged=flat,
        failed=failed,
    )
    return state._replace(
        results=results, evaluations=state.evaluations + 1, converged=flat, failed=failed
    )


def advance(function, state: TfpState, limits: Limits) -> TfpState:
    """Advances to `limits.until` iterations; see `lbfgs.advance`. Evaluations are not bounded."""
    old = state.results
    until = tf.minimum(limits.until, limits.max_iterations)
    remaining = until - tf.reduce_max(state.iterations)
    memory = old.position_deltas.shape[0]
    results = _minimize(
        _scaled(function, state.scale), old.num_iterations + remaining, memory, results=old
    )
    evaluations = results.num_objective_evaluations - old.num_objective_evaluations
    return state._replace(
        results=results,
        iterations=state.iterations + results.num_iterations - old.num_iterations,
        evaluations=state.evaluations + evaluations,
        converged=state.converged | results.converged,
        failed=results.failed,
    )


def best(state: TfpState) -> tf.Tensor:
    """Returns the current point, [batch, n]."""
    return state.results.position
