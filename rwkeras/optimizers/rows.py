"""Arithmetic of the rows of a batch: products, norms, and choices by member."""

from typing import Any

import tensorflow as tf


def dot(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Returns the inner products of rows, [batch]."""
    return tf.linalg.matvec(a[:, tf.newaxis], b)[:, 0]


def norm(rows: tf.Tensor) -> tf.Tensor:
    """Returns the norms of rows, [batch], which neither over- nor underflow."""
    largest = tf.maximum(tf.reduce_max(rows, axis=1), -tf.reduce_min(rows, axis=1))
    return largest * tf.norm(tf.math.divide_no_nan(rows, largest[:, tf.newaxis]), axis=1)


def scaled(rows: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
    """Returns rows, [batch, n], times factors, [batch]."""
    return factors[:, tf.newaxis] * rows


def chosen(members: tf.Tensor, rows: Any, others: Any) -> Any:
    """Returns rows for some members of a batch, others for the rest.

    It is `tf.where` for large tensors: where all members do the same, as a single image does,
    nothing is copied.

    Args:
        members: bool, [batch].
        rows: A tensor, [batch, ...], or nested tensors; of those without a batch the others' are
            taken, unless all members' are.
        others: The same.
    """

    def either(row: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
        if row.shape.rank == 0:
            return other
        return tf.where(tf.reshape(members, [-1, *[1] * (row.shape.rank - 1)]), row, other)

    def mixed() -> Any:
        return tf.nest.map_structure(either, rows, others)

    if members.shape[0] == 1:  # All or none: half as much is traced.
        return tf.cond(members[0], lambda: rows, lambda: others)
    return tf.cond(
        tf.reduce_all(members),
        lambda: rows,
        lambda: tf.cond(tf.reduce_any(members), mixed, lambda: others),
    )
