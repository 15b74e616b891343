"""Curvature pairs of L-BFGS and the search direction."""

from typing import NamedTuple

import tensorflow as tf

from rwkeras.optimizers.rows import dot, select


class History(NamedTuple):
    """The last pairs of each member, from the oldest to the newest.

    Each age has its own tensors, so that a new pair shifts the others without copying them. Large
    images leave no memory for copies.

    Attributes:
        steps: s = change of position, one [batch, n] per age.
        changes: y = change of gradient, one [batch, n] per age.
        inverse_curvatures: 1 / (s . y), [batch, memory].
        scaling: s . y / (y . y) of the newest pair, the scale of the initial inverse Hessian,
            [batch].
        stored: Number of pairs stored since the history was last cleared, which may exceed
            `memory`; int32, [batch].
    """

    steps: tuple[tf.Tensor, ...]
    changes: tuple[tf.Tensor, ...]
    inverse_curvatures: tf.Tensor
    scaling: tf.Tensor
    stored: tf.Tensor


def empty(position: tf.Tensor, memory: int) -> History:
    """Returns a history without pairs for positions, [batch, n]."""
    batch = position.shape[0]
    zeros = (tf.zeros_like(position),) * memory
    return History(
        zeros,
        zeros,
        tf.zeros([batch, memory], position.dtype),
        tf.ones([batch], position.dtype),
        tf.zeros([batch], tf.int32),
    )


def clear(history: History, members: tf.Tensor) -> History:
    """Returns the history without the pairs of some members, bool, [batch]."""
    return history._replace(stored=tf.where(members, 0, history.stored))


def store(history: History, step: tf.Tensor, change: tf.Tensor, members: tf.Tensor) -> History:
    """Returns the history with a new pair in place of the oldest.

    A pair is stored only if s . y exceeds the rounding error of the sum, eps sum |s_i y_i|. This
    criterion does not depend on the units of the loss and of each coordinate.

    Args:
        history: The pairs so far.
        step: s, [batch, n].
        change: y, [batch, n].
        members: Members whose pair may be stored, bool, [batch].
    """
    curvature, square = dot(step, change), dot(change, change)
    epsilon = tf.experimental.numpy.finfo(step.dtype.as_numpy_dtype).eps
    rounding = epsilon * dot(tf.abs(step), tf.abs(change))
    members &= (curvature > rounding) & tf.math.is_finite(square)
    # Pairs that are not stored may have 0 here.
    one = tf.ones_like(curvature)
    stored, square = tf.where(members, curvature, one), tf.where(members, square, one)
    inverses = history.inverse_curvatures
    shifted = tf.concat([inverses[:, 1:], 1 / stored[:, tf.newaxis]], axis=1)
    pairs = history.steps, history.changes
    shifted_pairs = (*history.steps[1:], step), (*history.changes[1:], change)
    steps, changes = select(members, shifted_pairs, pairs)
    return History(
        steps,
        changes,
        tf.where(members[:, tf.newaxis], shifted, inverses),
        tf.where(members, stored / square, history.scaling),
        history.stored + tf.cast(members, tf.int32),
    )


def _as_array(rows: tuple[tf.Tensor, ...]) -> tf.TensorArray:
    """Returns a `TensorArray` of tensors of one shape, to index in a graph's loop."""
    array = tf.TensorArray(
        rows[0].dtype, len(rows), clear_after_read=False, element_shape=rows[0].shape
    )
    for n, row in enumerate(rows):
        array = array.write(n, row)
    return array


def descent_direction(history: History, gradient: tf.Tensor) -> tf.Tensor:
    """Returns -H g by the two-loop recursion (Nocedal and Wright, 2006, algorithm 7.4).

    Args:
        history: The pairs; a member without pairs gets -scaling * g.
        gradient: g, [batch, n].
    """
    memory = len(history.steps)
    oldest = tf.minimum(tf.reduce_max(history.stored), memory)
    steps, changes = _as_array(history.steps), _as_array(history.changes)

    def pair(age):
        is_stored = tf.cast(age <= history.stored, gradient.dtype)
        inverse = is_stored * history.inverse_curvatures[:, memory - age]
        return inverse, steps.read(memory - age), changes.read(memory - age)

    def first_loop(age, result, coefficients):
        inverse, step, change = pair(age)
        coefficient = inverse * dot(step, result)
        result -= coefficient[:, tf.newaxis] * change
        return age + 1, result, coefficients.write(age - 1, coefficient)

    def second_loop(age, result, coefficients):
        inverse, step, change = pair(age)
        correction = coefficients.read(age - 1) - inverse * dot(change, result)
        return age - 1, result + correction[:, tf.newaxis] * step, coefficients

    coefficients = tf.TensorArray(
        gradient.dtype, memory, clear_after_read=False, element_shape=history.scaling.shape
    )
    age, result, coefficients = tf.while_loop(
        lambda age, *_: age <= oldest, first_loop, (tf.constant(1), gradient, coefficients)
    )
    result *= history.scaling[:, tf.newaxis]
    _, result, _ = tf.while_loop(
        lambda age, *_: age > 0, second_loop, (age - 1, result, coefficients)
    )
    return -result
