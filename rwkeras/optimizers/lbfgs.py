"""Batched L-BFGS as a single graph loop with one evaluation of the objective per turn.

In each turn every member of a batch tries one step. A member whose step is accepted takes it and
computes a new direction; the others continue their line search (see `line_search`). Members thus
advance independently, no evaluation waits for another member's search, the number of evaluations is
bounded exactly, and the loop can be interrupted after any turn and resumed.

TensorFlow Probability's line search instead evaluates the objective in nested loops, whose number
of evaluations is not bounded and in which a batch waits for its slowest member.

References:
    Liu and Nocedal (1989), On the limited memory BFGS method for large scale optimization.
    Nocedal and Wright (2006), Numerical optimization, chapter 7.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from rwkeras.optimizers import history, line_search
from rwkeras.optimizers.history import History
from rwkeras.optimizers.line_search import Search, Trial
from rwkeras.optimizers.problem import Limits, ValueAndGradient
from rwkeras.optimizers.rows import dot, norm, scaled, select

# A step up to this many rounding errors of the position counts as converged.
_MAX_ROUNDING_ERRORS = 100


class LbfgsState(NamedTuple):
    """State of L-BFGS.

    Attributes:
        position: Origin of the current line search, [batch, n]; see `best`.
        value: Scaled objective at `position`, [batch].
        gradient: Scaled gradient at `position`, [batch, n].
        scale: Factor of the objective, [batch].
        direction: Direction of the current line search, [batch, n].
        search: The current line search.
        low_gradient: Scaled gradient at the search's `low` step, [batch, n].
        history: The curvature pairs.
        step_length: Norm of the last step, or at the start of the first step to try, [batch].
        iterations: Number of steps taken, int32, [batch].
        evaluations: Number of evaluations of the objective, int32, [batch].
        converged: bool, [batch]: the gradient vanished, a step along steepest descent did not lower
            the loss, or a search along steepest descent failed after a step within rounding.
        failed: bool, [batch]: the start is not finite, or a search along steepest descent failed
            otherwise.
    """

    position: tf.Tensor
    value: tf.Tensor
    gradient: tf.Tensor
    scale: tf.Tensor
    direction: tf.Tensor
    search: Search
    low_gradient: tf.Tensor
    history: History
    step_length: tf.Tensor
    iterations: tf.Tensor
    evaluations: tf.Tensor
    converged: tf.Tensor
    failed: tf.Tensor

    @property
    def loss(self) -> tf.Tensor:
        """The objective at `position`, [batch]."""
        return self.value / self.scale


def start(
    function: ValueAndGradient,
    position: tf.Tensor,
    first_step: tf.Tensor,
    length: Callable[[tf.Tensor], tf.Tensor],
    memory: int,
) -> LbfgsState:
    """Returns the initial state; costs one evaluation.

    Args:
        function: The objective.
        position: Initial point, float32 or float64, [batch, n], of static shape.
        first_step: Length of the first step to try, whatever the objective's scale.
        length: Measures steps: maps changes of position, [batch, n], to lengths, [batch].
        memory: Number of curvature pairs to keep.
    """
    value, gradient = function(position)
    gradient_norm = norm(gradient)
    inverse = 1 / tf.where(gradient_norm > 0, gradient_norm, tf.ones_like(gradient_norm))
    scale = tf.where(tf.math.is_finite(inverse), inverse, tf.ones_like(gradient_norm))
    value, gradient = scale * value, scaled(gradient, scale)
    count = tf.zeros_like(gradient_norm, tf.int32)
    failed = ~(tf.math.is_finite(value) & tf.math.is_finite(gradient_norm))
    scaled_norm = norm(gradient)
    step_length = tf.math.divide_no_nan(scaled_norm * first_step, length(gradient))
    step = tf.math.divide_no_nan(step_length, scaled_norm)
    return LbfgsState(
        position=position,
        value=value,
        gradient=gradient,
        scale=scale,
        direction=_zero_if_failed(failed, -gradient),
        search=line_search.begin(value, -dot(gradient, gradient), step),
        low_gradient=gradient,
        history=history.empty(position, memory),
        step_length=step_length,
        iterations=count,
        evaluations=count + 1,
        converged=gradient_norm == 0,
        failed=failed,
    )


def revise(
    function: ValueAndGradient,
    state: LbfgsState,
    first_step: tf.Tensor,
    length: Callable[[tf.Tensor], tf.Tensor],
) -> LbfgsState:
    """Returns the state at the best point for a slightly different objective.

    The curvature pairs are kept. Costs one evaluation.

    Args:
        function: The new objective.
        state: The state before.
        first_step: Length of the first step along steepest descent, for members without pairs.
        length: Measures steps; see `start`.
    """
    position = best(state)
    value, gradient = function(position)
    value, gradient = state.scale * value, scaled(gradient, state.scale)
    step_length = tf.math.divide_no_nan(norm(gradient) * first_step, length(gradient))
    failed = ~(tf.math.is_finite(value) & tf.math.is_finite(norm(gradient)))
    search, direction, pairs = _begin(state.history, value, gradient, step_length)
    return state._replace(
        position=position,
        value=value,
        gradient=gradient,
        direction=_zero_if_failed(failed, direction),
        search=search,
        low_gradient=gradient,
        history=pairs,
        step_length=step_length,
        evaluations=state.evaluations + 1,
        converged=norm(gradient) == 0,
        failed=failed,
    )


def advance(function: ValueAndGradient, state: LbfgsState, limits: Limits) -> LbfgsState:
    """Advances a state.

    Each member takes the same steps, however a run is divided into calls.

    Args:
        function: The objective.
        state: The state to continue from.
        limits: Limits of this call and of the run.
    """

    def active(state: LbfgsState) -> tf.Tensor:
        within = state.iterations < limits.max_iterations
        within &= state.evaluations < limits.max_evaluations
        within &= state.search.trials < limits.max_trials
        return within & ~(state.converged | state.failed)

    def should_continue(*state) -> tf.Tensor:
        state = LbfgsState(*state)
        return tf.reduce_any(active(state) & (state.iterations < limits.until))

    def body(*state) -> LbfgsState:
        state = LbfgsState(*state)
        return _try_step(function, state, active(state))

    return tf.while_loop(should_continue, body, state)


def best(state: LbfgsState) -> tf.Tensor:
    """Returns the best point found, [batch, n]: the `low` step of the current line search."""
    step = state.search.low.step
    low = state.position + scaled(state.direction, step)
    return tf.where((step > 0)[:, tf.newaxis], low, state.position)


def _try_step(function: ValueAndGradient, state: LbfgsState, active: tf.Tensor) -> LbfgsState:
    """Tries one step of every active member."""
    step = tf.where(active, state.search.step, tf.zeros_like(state.step_length))
    value, gradient = function(state.position + scaled(state.direction, step))
    value, gradient = state.scale * value, scaled(gradient, state.scale)
    trial = Trial(step, value, dot(gradient, state.direction))
    state = state._replace(evaluations=state.evaluations + tf.cast(active, tf.int32))

    accepted = active & line_search.is_accepted(state.search.origin, trial)
    searching = active & ~accepted
    narrowed = line_search.narrow(state.search, trial)
    is_low = searching & (narrowed.low.step == step)
    low_gradient = select(is_low, gradient, state.low_gradient)
    search = narrowed.where(searching, state.search)
    state = state._replace(search=search, low_gradient=low_gradient)

    exhausted = searching & line_search.is_exhausted(search)
    # A search without a step that satisfies both conditions may have one that satisfies the first.
    lowered = exhausted & (search.low.step > 0)
    taken = trial.where(accepted, search.low)
    gradient = select(accepted, gradient, low_gradient)
    return tf.cond(
        tf.reduce_any(accepted | exhausted),
        lambda: _move(state, accepted | lowered, taken, gradient, exhausted & ~lowered),
        lambda: state,
    )


def _move(
    state: LbfgsState, moves: tf.Tensor, taken: Trial, gradient: tf.Tensor, search_failed: tf.Tensor
) -> LbfgsState:
    """Takes the steps found and begins new searches.

    Args:
        state: The state before.
        moves: Members that take a step, bool, [batch].
        taken: The step.
        gradient: Scaled gradient after the step, [batch, n].
        search_failed: Members whose search failed, bool, [batch]. They restart along steepest
            descent, or end if the failed search was along it.
    """
    step = scaled(state.direction, tf.where(moves, taken.step, tf.zeros_like(state.step_length)))
    no_decrease = moves & (taken.value >= state.value)
    is_steepest = state.history.stored == 0
    pairs = history.store(state.history, step, gradient - state.gradient, moves)
    pairs = history.clear(pairs, search_failed | no_decrease)

    position = state.position + step
    value = tf.where(moves, taken.value, state.value)
    gradient = select(moves, gradient, state.gradient)
    step_length = tf.where(moves, norm(step), state.step_length)
    new_search, direction, pairs = _begin(pairs, value, gradient, step_length)
    # The last step was within rounding of the position: converged rather than failed.
    epsilon = tf.experimental.numpy.finfo(position.dtype.as_numpy_dtype).eps
    within_rounding = step_length <= _MAX_ROUNDING_ERRORS * epsilon * norm(position)
    is_new = moves | search_failed
    return state._replace(
        position=position,
        value=value,
        gradient=gradient,
        direction=select(is_new, direction, state.direction),
        search=new_search.where(is_new, state.search),
        low_gradient=select(is_new, gradient, state.low_gradient),
        history=pairs,
        step_length=step_length,
        iterations=state.iterations + tf.cast(moves, tf.int32),
        converged=state.converged
        | (is_new & (norm(gradient) == 0))
        | (no_decrease & is_steepest)
        | (search_failed & is_steepest & within_rounding),
        failed=state.failed | (search_failed & is_steepest & ~within_rounding),
    )


def _begin(
    pairs: History, value: tf.Tensor, gradient: tf.Tensor, step_length: tf.Tensor
) -> tuple[Search, tf.Tensor, History]:
    """Returns a new search, its direction, and the pairs, cleared where they lead uphill."""
    direction = history.descent_direction(pairs, gradient)
    slope = dot(gradient, direction)
    is_steepest = ~(slope < 0) | (pairs.stored == 0)
    gradient_norm = norm(gradient)
    direction = select(is_steepest, -gradient, direction)
    slope = tf.where(is_steepest, -gradient_norm * gradient_norm, slope)
    # Without pairs the scale is unknown: the length of the last step is the best guess.
    step = tf.where(
        is_steepest, tf.math.divide_no_nan(step_length, gradient_norm), tf.ones_like(gradient_norm)
    )
    return line_search.begin(value, slope, step), direction, history.clear(pairs, is_steepest)


def _zero_if_failed(failed: tf.Tensor, direction: tf.Tensor) -> tf.Tensor:
    """Returns a direction set to zero for members that have failed."""
    return select(failed, tf.zeros_like(direction), direction)
