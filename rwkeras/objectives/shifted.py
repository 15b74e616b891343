"""Gram matrices of maps with shifted maps, for long-range structure (Berger and Memisevic).

A Gram matrix does not depend on the positions of activations, so it imposes no structure beyond the
receptive field. Products of maps with maps shifted by d positions capture correlations at that
distance, such as those of stripes, bricks and symmetries.

References:
    Berger and Memisevic (2017), Incorporating long-range consistency in CNN-based texture
    generation, ICLR.
"""

from collections.abc import Sequence

import tensorflow as tf

from rwkeras.objectives.objective import BoundLoss, Objective, Term
from rwkeras.validation import invalid_argument, python_number

Shift = Sequence[int]


def _check_shifts(features: tf.Tensor, shifts: Sequence[Shift]) -> None:
    """Raises `ValueError` if a shift is as large as the maps, as far as their size is known."""
    sides = features.shape[1:3]
    if any(
        side is not None and abs(offset) >= side
        for shift in shifts
        for side, offset in zip(sides, shift, strict=True)
    ):
        expected = f"shifts smaller than the feature maps, {tuple(sides)}"
        raise invalid_argument("shifts", expected, list(shifts))


def _cropped(features: tf.Tensor, shift: Shift) -> tf.Tensor:
    """Returns F at the positions k for which k + shift exists."""
    rows, columns = (slice(max(0, -offset), -max(0, offset) or None) for offset in shift)
    return features[:, rows, columns]


def shifted_gram(features: tf.Tensor, shifts: Sequence[Shift]) -> tf.Tensor:
    """Returns the Gram matrices of maps with shifted maps.

        G^d_ij = mean_k F_i,k F_j,k+d    over the positions k for which k + d exists.

    The matrix for d = (0, 0) is `gram_matrix`, and those for d and -d are transposes. Berger and
    Memisevic shift along one axis at a time; here shifts are arbitrary. As means over positions the
    matrices do not depend on the image size.

    Args:
        features: Activations F, [batch, height, width, N].
        shifts: Pairs (rows, columns), in positions of the layer.

    Returns:
        The matrices, [batch, shifts, N, N].

    Raises:
        ValueError: A shift is as large as the maps, as far as their size is known.
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
    """Returns the mean over shifts of ||G^d - G0^d||^2 / (4 N^2), as in Eq. 6.

    Args:
        features: Activations F, [batch, height, width, N].
        target: The source's `shifted_gram` for the same shifts, [batch or 1, shifts, N, N].
        shifts: See `shifted_gram`.

    Returns:
        The loss of each image, shape [batch].
    """
    squares = tf.math.squared_difference(shifted_gram(features, shifts), target)
    return tf.reduce_mean(squares, axis=(1, 2, 3)) / 4


def shifted_gram_term(
    layer: str, features: tf.Tensor, shifts: Sequence[Shift], *, name: str | None = None
) -> Objective:
    """Returns the `shifted_gram_loss` between a layer and a source's activations.

    Args:
        layer: The layer's name.
        features: The source's activations, [batch or 1, height, width, N], of any size.
        shifts: Distinct pairs of integers (rows, columns); -d is redundant if d is given.
        name: Name of the term in results; default "shifted/" and the layer.

    Raises:
        ValueError: `shifts` are not such pairs, or one is as large as the maps.
    """
    pairs = tuple(
        tuple(map(python_number, s)) if isinstance(s, list | tuple) else () for s in shifts
    )
    whole = all(len(pair) == 2 and all(type(offset) is int for offset in pair) for pair in pairs)
    if not pairs or not whole or len(set(pairs)) < len(pairs):
        expected = "one or more different pairs of integers, (rows, columns)"
        raise invalid_argument("shifts", expected, list(shifts))
    loss = BoundLoss(shifted_gram_loss, (pairs,))
    target = shifted_gram(features, pairs)
    return Objective(Term(name or f"shifted/{layer}", layer, loss, 1.0, target))
