"""L-BFGS in the graph: one loop, one evaluation of the objective a turn (see `lbfgs_turn`).

So members of a batch advance on their own, no evaluation waits for another member's search, the
number of evaluations is bounded exactly, and the loop can be left after any turn and entered again.

TensorFlow Probability's line search takes its evaluations in loops of its own instead, which no
count bounds and in which a batch waits for its slowest member.

References:
    Liu and Nocedal (1989), On the limited memory BFGS method for large scale optimization.
"""

from collections.abc import Callable

import tensorflow as tf

from rwkeras.optimizers import history, line_search
from rwkeras.optimizers.history import dot
from rwkeras.optimizers.lbfgs_turn import (
    LbfgsState,
    begin,
    norm,
    scaled,
    standing,
    turn,
)
from rwkeras.optimizers.problem import ValueAndGradient


def start(
    function: ValueAndGradient,
    position: tf.Tensor,
    first_step: tf.Tensor,
    length: Callable[[tf.Tensor], tf.Tensor],
    memory: int,
) -> LbfgsState:
    """Returns the state at a start; costs one evaluation.

    Args:
        function: The objective.
        position: float32 or float64, [batch, n], static in shape.
        first_step: The length of the first step to try, whatever the objective's scale.
        length: How long a step is: changes of position, [batch, n], to [batch].
        memory: How many curvature pairs are kept.
    """
    value, gradient = function(position)
    size = norm(gradient)
    inverse = 1 / tf.where(size > 0, size, tf.ones_like(size))
    scale = tf.where(tf.math.is_finite(inverse), inverse, tf.ones_like(size))
    value, gradient = scale * value, scaled(gradient, scale)
    count = tf.zeros_like(size, tf.int32)
    failed = ~(tf.math.is_finite(value) & tf.math.is_finite(size))
    steepness = norm(gradient)
    reach = tf.math.divide_no_nan(steepness * first_step, length(gradient))
    step = tf.math.divide_no_nan(reach, steepness)
    return LbfgsState(
        position=position,
        value=value,
        gradient=gradient,
        scale=scale,
        direction=standing(failed, -gradient),
        search=line_search.begin(value, -dot(gradient, gradient), step),
        low_gradient=gradient,
        history=history.empty(position, memory),
        reach=reach,
        iterations=count,
        evaluations=count + 1,
        converged=size == 0,
        failed=failed,
    )


def revise(
    function: ValueAndGradient,
    state: LbfgsState,
    first_step: tf.Tensor,
    length: Callable[[tf.Tensor], tf.Tensor],
) -> LbfgsState:
    """Returns the state at the same point for an objective that differs a little.

    What was learnt of the curvature is kept. Costs one evaluation.

    Args:
        function: The objective from now on.
        state: The state before.
        first_step: The length of the step to try where nothing was learnt.
        length: How long a step is; see `start`.
    """
    position = best(state)
    value, gradient = function(position)
    value, gradient = state.scale * value, scaled(gradient, state.scale)
    reach = tf.math.divide_no_nan(norm(gradient) * first_step, length(gradient))
    failed = ~(tf.math.is_finite(value) & tf.math.is_finite(norm(gradient)))
    search, direction, pairs = begin(state.history, value, gradient, reach)
    return state._replace(
        position=position,
        value=value,
        gradient=gradient,
        direction=standing(failed, direction),
        search=search,
        low_gradient=gradient,
        history=pairs,
        reach=reach,
        evaluations=state.evaluations + 1,
        converged=norm(gradient) == 0,
        failed=failed,
    )


def advance(
    function: ValueAndGradient,
    state: LbfgsState,
    until: tf.Tensor,
    max_iterations: tf.Tensor,
    max_evaluations: tf.Tensor,
    max_trials: tf.Tensor,
) -> LbfgsState:
    """Goes on from a state.

    How often the optimisation is interrupted decides nothing: a member takes the same steps.

    Args:
        function: The objective.
        state: Where to go on.
        until: Iterations that every member is to have made, int32; some may have made more.
        max_iterations: Iterations of a member at most, in all.
        max_evaluations: Evaluations of a member at most, in all.
        max_trials: Trials of a search after which its member is left as it is.
    """

    def active(state: LbfgsState) -> tf.Tensor:
        within = (state.iterations < max_iterations) & (state.evaluations < max_evaluations)
        within &= state.search.trials < max_trials
        return within & ~(state.converged | state.failed)

    return tf.while_loop(
        lambda *state: tf.reduce_any(active(LbfgsState(*state)) & (state[9] < until)),
        lambda *state: turn(function, LbfgsState(*state), active(LbfgsState(*state))),
        state,
    )


def best(state: LbfgsState) -> tf.Tensor:
    """Returns the best point found, [batch, n]: with the unfinished search's low step taken."""
    step = state.search.low.step
    low = state.position + scaled(state.direction, step)
    return tf.where((step > 0)[:, tf.newaxis], low, state.position)
