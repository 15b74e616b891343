"""One iteration of the L-BFGS loop: a trial step of each member of a batch.

A member whose step is good takes it and turns to a new direction; the others go on searching along
theirs (see `line_search`).

References:
    Nocedal and Wright (2006), Numerical optimization, chapter 7.
"""

from typing import NamedTuple

import tensorflow as tf

from rwkeras.optimizers import history, line_search
from rwkeras.optimizers.history import History, chosen, dot
from rwkeras.optimizers.line_search import Search, Trial
from rwkeras.optimizers.problem import ValueAndGradient

# A step of this many roundings of the position is none.
_RESOLUTION = 100


class LbfgsState(NamedTuple):
    """State of L-BFGS.

    Attributes:
        position: The best point so far, [batch, n].
        value: The scaled objective there, [batch].
        gradient: The scaled gradient there, [batch, n].
        scale: What the objective is multiplied by, [batch].
        direction: The direction of the search under way, [batch, n].
        search: The search under way.
        low_gradient: The scaled gradient at the search's `low` step, [batch, n].
        history: The curvature pairs.
        reach: The length of the last step taken, [batch].
        iterations: Steps taken, int32, [batch].
        evaluations: Evaluations of the objective, int32, [batch].
        converged: bool, [batch]: the gradient vanished, or a step from steepest descent left the
            loss as it was.
        failed: bool, [batch]: the start is not finite, or a search along steepest descent found
            nothing.
    """

    position: tf.Tensor
    value: tf.Tensor
    gradient: tf.Tensor
    scale: tf.Tensor
    direction: tf.Tensor
    search: Search
    low_gradient: tf.Tensor
    history: History
    reach: tf.Tensor
    iterations: tf.Tensor
    evaluations: tf.Tensor
    converged: tf.Tensor
    failed: tf.Tensor

    @property
    def loss(self) -> tf.Tensor:
        """The objective at `position`, [batch]."""
        return self.value / self.scale


def norm(rows: tf.Tensor) -> tf.Tensor:
    """Returns the norms of rows, [batch], which neither over- nor underflow."""
    largest = tf.maximum(tf.reduce_max(rows, axis=1), -tf.reduce_min(rows, axis=1))
    return largest * tf.norm(tf.math.divide_no_nan(rows, largest[:, tf.newaxis]), axis=1)


def scaled(rows: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
    """Returns rows, [batch, n], times factors, [batch]."""
    return factors[:, tf.newaxis] * rows


def standing(failed: tf.Tensor, direction: tf.Tensor) -> tf.Tensor:
    """Returns a direction in which a member that has failed goes nowhere."""
    return chosen(failed, tf.zeros_like(direction), direction)


def turn(function: ValueAndGradient, state: LbfgsState, active: tf.Tensor) -> LbfgsState:
    """Tries one step of every active member."""
    step = tf.where(active, state.search.step, tf.zeros_like(state.reach))
    value, gradient = function(state.position + scaled(state.direction, step))
    value, gradient = state.scale * value, scaled(gradient, state.scale)
    trial = Trial(step, value, dot(gradient, state.direction))
    state = state._replace(evaluations=state.evaluations + tf.cast(active, tf.int32))

    accepted = active & line_search.is_accepted(state.search.origin, trial)
    searching = active & ~accepted
    narrowed = line_search.narrow(state.search, trial)
    is_low = searching & (narrowed.low.step == step)
    low_gradient = chosen(is_low, gradient, state.low_gradient)
    search = narrowed.where(searching, state.search)
    state = state._replace(search=search, low_gradient=low_gradient)

    exhausted = searching & line_search.is_exhausted(search)
    # A search that ends without a step that satisfies both conditions may have one that satisfies
    # the first.
    lowered = exhausted & (search.low.step > 0)
    taken = trial.where(accepted, search.low)
    gradient = chosen(accepted, gradient, low_gradient)
    return tf.cond(
        tf.reduce_any(accepted | exhausted),
        lambda: _move(state, accepted | lowered, taken, gradient, exhausted & ~lowered),
        lambda: state,
    )


def _move(
    state: LbfgsState, moves: tf.Tensor, taken: Trial, gradient: tf.Tensor, stuck: tf.Tensor
) -> LbfgsState:
    """Takes the steps that were found and begins new searches.

    Args:
        state: The state before.
        moves: Which members take the step.
        taken: The step.
        gradient: The gradient there.
        stuck: Which members' searches found nothing: they begin again from steepest descent, or
            give up if that is where they come from.
    """
    step = scaled(state.direction, tf.where(moves, taken.step, tf.zeros_like(state.reach)))
    level = moves & (taken.value >= state.value)
    steepest = state.history.stored == 0
    pairs = history.store(state.history, step, gradient - state.gradient, moves)
    pairs = history.clear(pairs, stuck | level)

    position = state.position + step
    value = tf.where(moves, taken.value, state.value)
    gradient = chosen(moves, gradient, state.gradient)
    reach = tf.where(moves, norm(step), state.reach)
    begun, direction, pairs = begin(pairs, value, gradient, reach)
    # What remains to be gained is below what the position's own digits can say.
    epsilon = tf.experimental.numpy.finfo(position.dtype.as_numpy_dtype).eps
    resolved = reach <= _RESOLUTION * epsilon * norm(position)
    new = moves | stuck
    return state._replace(
        position=position,
        value=value,
        gradient=gradient,
        direction=chosen(new, direction, state.direction),
        search=begun.where(new, state.search),
        low_gradient=chosen(new, gradient, state.low_gradient),
        history=pairs,
        reach=reach,
        iterations=state.iterations + tf.cast(moves, tf.int32),
        converged=state.converged
        | (new & (norm(gradient) == 0))
        | (level & steepest)
        | (stuck & steepest & resolved),
        failed=state.failed | (stuck & steepest & ~resolved),
    )


def begin(
    pairs: History, value: tf.Tensor, gradient: tf.Tensor, reach: tf.Tensor
) -> tuple[Search, tf.Tensor, History]:
    """Returns a new search, its direction, and the pairs, forgotten where they lead uphill."""
    direction = history.descent_direction(pairs, gradient)
    slope = dot(gradient, direction)
    steepest = ~(slope < 0) | (pairs.stored == 0)
    size = norm(gradient)
    direction = chosen(steepest, -gradient, direction)
    slope = tf.where(steepest, -size * size, slope)
    # Without pairs there is no scale: the length of the last step is the best guess.
    step = tf.where(steepest, tf.math.divide_no_nan(reach, size), tf.ones_like(size))
    return line_search.begin(value, slope, step), direction, history.clear(pairs, steepest)
