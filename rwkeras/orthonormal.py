"""Orthonormal vectors whose bits do not depend on the machine.

A library of linear algebra adds in the order that suits the processor, and its last bits differ.
Here sums are taken in one order, or are of integers so small that they are exact in any.

References:
    Golub and Van Loan (2013), Matrix computations, 5.2.8: modified Gram-Schmidt.
    Ozaki et al. (2012), Error-free transformations of matrix multiplication.
"""

import numpy as np

# So many vectors are taken out of all later ones at a time; others would give other last bits.
_BLOCK = 64
_SLICES = 3
# Sums of integers below 2^53 are exact in float64.
_DIGITS = 53


def portable_orthonormal(vectors: np.ndarray) -> np.ndarray:
    """Returns orthonormal vectors that span what those before them do, the same bits anywhere.

    Modified Gram-Schmidt, by blocks: q_j = v_j - sum_i<j (q_i . v_j) q_i, over its norm. They are
    those of the QR factorisation with a positive diagonal, and orthogonal to about 1e-16 times the
    vectors' condition.

    512 vectors of 4608 numbers, VGG-19's largest kernel of a convolution, take seconds.

    Args:
        vectors: Linearly independent, [count, size].

    Returns:
        float64 of that shape.
    """
    found = vectors.astype(np.float64)
    for begin in range(0, len(found), _BLOCK):
        block, later = found[begin : begin + _BLOCK], found[begin + _BLOCK :]
        for place, vector in enumerate(block):
            vector /= np.sqrt(_sums((vector * vector)[np.newaxis])[0])
            others = block[place + 1 :]
            others -= _sums(others * vector) * vector
        if len(later):
            later -= portable_product(portable_product(later, block.T), block)
    return found


def portable_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Returns the product of two float64 matrices, to about 1e-16 of their largest, bit for bit.

    Each is a sum of slices, integers of few digits over a power of 2 (Ozaki et al.): whichever way
    a library multiplies two of them, it adds integers below 2^53, and no sum is rounded. The
    products of slices are then added in one order.
    """
    digits = (_DIGITS - (left.shape[1] - 1).bit_length()) // 2
    lefts, rights = _slices(left, digits), _slices(right, digits)
    total = np.zeros((left.shape[0], right.shape[1]))
    # The smallest first; those below the last slice are left out.
    for order in reversed(range(_SLICES)):
        for n in range(order + 1):
            total += lefts[n] @ rights[order - n]
    return total


def _slices(matrix: np.ndarray, digits: int) -> list[np.ndarray]:
    """Returns matrices of so many binary digits whose sum is a matrix, but for what is below."""
    _, exponent = np.frexp(np.abs(matrix).max())
    slices, rest = [], matrix
    for n in range(1, _SLICES + 1):
        unit = np.ldexp(1.0, int(exponent) - n * digits)
        slices.append(np.rint(rest / unit) * unit)
        rest = rest - slices[-1]
    return slices


def _sums(rows: np.ndarray) -> np.ndarray:
    """Returns the sums of rows, [rows, 1], which it overwrites; halves are added to halves."""
    size = rows.shape[1]
    while size > 1:
        half = size // 2
        rows[:, :half] += rows[:, size - half : size]
        size -= half
    return rows[:, :1]
