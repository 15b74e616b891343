"""Gram matrices of maps with shifted maps, for structure of long range (Berger and Memisevic).

A Gram matrix is the same wherever activations stand, so that nothing holds together what is further
apart than a filter sees. Products of maps with maps shifted by d pixels say what is to be found d
pixels from what: stripes, bricks, symmetries.

References:
    Berger and Memisevic (2017), Incorporating long-range consistency in CNN-based texture
    generation, ICLR.
"""

from collections.abc import Sequence

import tensorflow as tf

from rwkeras.objectives.objective import LossWith, Objective, Term
from rwkeras.validation import invalid_argument, python_number

Shift = Sequence[int]


def _check_shifts(features: tf.Tensor, shifts: Sequence[Shift]) -> None:
    """Raises `ValueError` where a shift leaves nothing of maps whose size is known."""
    sides = features.shape[1:3]
    if any(
        side is not None and abs(offset) >= side
        for shift in shifts
        for side, offset in zip(sides, shift, strict=True)
    ):
        expected = f"shifts smaller than the maps, {tuple(sides)}"
        raise invalid_argument("shifts", expected, list(shifts))


def _cropped(features: tf.Tensor, shift: Shift) -> tf.Tensor:
    """Returns F at the positions k for which there is k + shift."""
    rows, columns = (slice(max(0, -offset), -max(0, offset) or None) for offset in shift)
    return features[:, rows, columns]


def shifted_gram(features: tf.Tensor, shifts: Sequence[Shift]) -> tf.Tensor:
    """Returns the Gram matrices of maps with shifted maps.

        G^d_ij = mean_k F_i,k F_j,k+d    over the positions k for which there is k + d.

    That of (0, 0) is `gram_matrix`, and those of d and -d are each other's transposes. Berger and
    Memisevic have shifts along one axis at a time; here any will do. As means over positions the
    matrices do not depend on the image's size.

    Args:
        features: Activations F, [batch, height, width, N].
        shifts: Rows and columns of each, in positions of the layer.

    Returns:
        The matrices, [batch, shifts, N, N].

    Raises:
        ValueError: A shift is as large as the maps, where their size is known.
    """
    _check_shifts(features, shifts)
    maps = features.shape[-1]
    grams = []
    for rows, columns in shifts:
        here, there = (
            tf.reshape(_cropped(features, shift), [tf.shape(features)[0], -1, maps])
            for shift in ((rows, columns), (-rows, -columns))
        )
        positions = tf.cast(tf.shape(here)[1], features.dtype)
        grams.append(tf.linalg.matmul(here, there, transpose_a=True) / positions)
    return tf.stack(grams, axis=1)


def shifted_gram_loss(features: tf.Tensor, target: tf.Tensor, shifts: Sequence[Shift]) -> tf.Tensor:
    """Returns the mean over shifts of ||G^d - G0^d||^2 / (4 N^2), as Eq. 6 has it of one.

    Args:
        features: Activations F, [batch, height, width, N].
        target: The source's `shifted_gram` by the same shifts, [batch or 1, shifts, N, N].
        shifts: See `shifted_gram`.

    Returns:
        The loss of each image, shape [batch].
    """
    squares = tf.math.squared_difference(shifted_gram(features, shifts), target)
    return tf.reduce_mean(squares, axis=(1, 2, 3)) / 4


def shifted_gram_term(
    layer: str, features: tf.Tensor, shifts: Sequence[Shift], *, name: str | None = None
) -> Objective:
    """Returns `shifted_gram_loss` on a layer, towards a source's activations.

    Args:
        layer: The layer's name.
        features: The source's activations, [batch or 1, height, width, N], of any size.
        shifts: Pairs of integers, rows and columns, which differ: of d and -d one is enough.
        name: What the term is called in results.

    Raises:
        ValueError: `shifts` are not such pairs, or one is as large as the maps.
    """
    pairs = tuple(
        tuple(map(python_number, s)) if isinstance(s, list | tuple) else () for s in shifts
    )
    whole = all(len(pair) == 2 and all(type(offset) is int for offset in pair) for pair in pairs)
    if not pairs or not whole or len(set(pairs)) < len(pairs):
        expected = "one or more different pairs of integers, rows and columns"
        raise invalid_argument("shifts", expected, list(shifts))
    loss = LossWith(shifted_gram_loss, (pairs,))
    target = shifted_gram(features, pairs)
    return Objective(Term(name or f"shifted/{layer}", layer, loss, 1.0, target))
