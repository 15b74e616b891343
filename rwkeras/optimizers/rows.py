"""Row-wise arithmetic on a batch: inner products, norms and selection by member."""

from typing import Any

import tensorflow as tf


def dot(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Returns the inner products of rows, [batch]."""
    return tf.linalg.matvec(a[:, tf.newaxis], b)[:, 0]


def norm(rows: tf.Tensor) -> tf.Tensor:
    """Returns the norms of rows, [batch], without overflow or underflow."""
    largest = tf.maximum(tf.reduce_max(rows, axis=1), -tf.reduce_min(rows, axis=1))
    return largest * tf.norm(tf.math.divide_no_nan(rows, largest[:, tf.newaxis]), axis=1)


def scaled(rows: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
    """Returns rows, [batch, n], times factors, [batch]."""
    return factors[:, tf.newaxis] * rows


def select(members: tf.Tensor, rows: Any, others: Any) -> Any:
    """Returns `rows` for selected members of a batch, `others` for the rest.

    Like `tf.where`, but copies nothing if all members or none are selected, as with a single image.

    Args:
        members: The selection, bool, [batch].
        rows: A tensor, [batch, ...], or nested tensors. Scalars, which have no batch dimension, are
            taken from `others` unless all members are selected.
        others: The same structure.
    """

    def select_rows(row: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
        if row.shape.rank == 0:
            return other
        return tf.where(tf.reshape(members, [-1, *[1] * (row.shape.rank - 1)]), row, other)

    def select_mixed() -> Any:
        return tf.nest.map_structure(select_rows, rows, others)

    if members.shape[0] == 1:  # All or none: saves half of the tracing.
        return tf.cond(members[0], lambda: rows, lambda: others)
    return tf.cond(
        tf.reduce_all(members),
        lambda: rows,
        lambda: tf.cond(tf.reduce_any(members), select_mixed, lambda: others),
    )
