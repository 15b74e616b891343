"""The curvature pairs of L-BFGS and the direction they give."""

from typing import NamedTuple

import tensorflow as tf


class History(NamedTuple):
    """The last pairs of each member, in a ring of its own.

    Attributes:
        steps: s = change of position, [batch, memory, n].
        changes: y = change of gradient, [batch, memory, n].
        inverse_curvatures: 1 / (s . y), [batch, memory].
        scaling: s . y / (y . y) of the newest pair, the size of the initial inverse Hessian;
            [batch].
        stored: How many pairs were ever stored since the history was last cleared, int32, [batch].
    """

    steps: tf.Tensor
    changes: tf.Tensor
    inverse_curvatures: tf.Tensor
    scaling: tf.Tensor
    stored: tf.Tensor


def dot(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Returns the inner products of rows, [batch]."""
    return tf.linalg.matvec(a[:, tf.newaxis], b)[:, 0]


def empty(position: tf.Tensor, memory: int) -> History:
    """Returns a history without pairs for positions of [batch, n]."""
    batch = position.shape[0]
    pairs = tf.zeros([batch, memory, tf.shape(position)[1]], position.dtype)
    return History(
        pairs,
        pairs,
        tf.zeros([batch, memory], position.dtype),
        tf.ones([batch], position.dtype),
        tf.zeros([batch], tf.int32),
    )


def clear(history: History, members: tf.Tensor) -> History:
    """Returns the history with the pairs of some members forgotten."""
    return history._replace(stored=tf.where(members, 0, history.stored))


def _at(stored: tf.Tensor, age: int, memory: int) -> tf.Tensor:
    """Returns where the pairs of an age lie, as indices of [batch, memory]; 1 is the newest."""
    slot = tf.math.floormod(stored - age, memory)
    return tf.stack([tf.range(stored.shape[0]), slot], axis=1)


def store(history: History, step: tf.Tensor, change: tf.Tensor, members: tf.Tensor) -> History:
    """Returns the history with a new pair, in place of the oldest if it is full.

    Args:
        history: The pairs so far.
        step: s, [batch, n].
        change: y, [batch, n].
        members: Whose pair is stored, bool, [batch]; one of s . y that is not clearly positive
            never is.
    """
    curvature, square = dot(step, change), dot(change, change)
    epsilon = tf.experimental.numpy.finfo(step.dtype.as_numpy_dtype).eps
    members &= (curvature > epsilon * square) & tf.math.is_finite(square)
    slot = _at(history.stored, 0, history.steps.shape[1])

    def put(rows, row):
        chosen = members[:, tf.newaxis] if row.shape.rank == 2 else members
        row = tf.where(chosen, row, tf.gather_nd(rows, slot))
        return tf.tensor_scatter_nd_update(rows, slot, row)

    return History(
        put(history.steps, step),
        put(history.changes, change),
        put(history.inverse_curvatures, 1 / curvature),
        tf.where(members, curvature / square, history.scaling),
        history.stored + tf.cast(members, tf.int32),
    )


def descent_direction(history: History, gradient: tf.Tensor) -> tf.Tensor:
    """Returns -H g, the two-loop recursion (Nocedal and Wright, 2006, algorithm 7.4).

    Args:
        history: The pairs; a member without any gets -scaling * g.
        gradient: g, [batch, n].
    """
    memory = history.steps.shape[1]
    oldest = tf.minimum(tf.reduce_max(history.stored), memory)

    def pair(age):
        slot = _at(history.stored, age, memory)
        known = tf.cast(age <= history.stored, gradient.dtype)
        inverse = known * tf.gather_nd(history.inverse_curvatures, slot)
        return inverse, tf.gather_nd(history.steps, slot), tf.gather_nd(history.changes, slot)

    def older(age, result, coefficients):
        inverse, step, change = pair(age)
        coefficient = inverse * dot(step, result)
        result -= coefficient[:, tf.newaxis] * change
        return age + 1, result, coefficients.write(age - 1, coefficient)

    def newer(age, result, coefficients):
        inverse, step, change = pair(age)
        correction = coefficients.read(age - 1) - inverse * dot(change, result)
        return age - 1, result + correction[:, tf.newaxis] * step, coefficients

    coefficients = tf.TensorArray(
        gradient.dtype, memory, clear_after_read=False, element_shape=history.scaling.shape
    )
    age, result, coefficients = tf.while_loop(
        lambda age, *_: age <= oldest, older, (tf.constant(1), gradient, coefficients)
    )
    result *= history.scaling[:, tf.newaxis]
    _, result, _ = tf.while_loop(lambda age, *_: age > 0, newer, (age - 1, result, coefficients))
    return -result
