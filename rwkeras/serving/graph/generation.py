"""`rwkeras.portable` in a graph: the same bits, from TensorFlow's integer and IEEE 754 operations.

Philox 4 x 64 needs 128-bit products of 64-bit integers, for which TensorFlow has no operation; they
are computed from 32-bit halves. The transforms repeat those of `rwkeras.portable` step by step, so
that every step is rounded alike.

References:
    Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3 (Philox).
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from rwkeras.portable import CENTRAL, CENTRE, LN_2, LOG_TERMS, OUTER, OUTERMOST, TAIL

_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_KEY_STEPS = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS = 10
_HALF, _WORD = 2**32, 2**64


def _word(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint64)


def _high(x: tf.Tensor) -> tf.Tensor:
    return tf.bitwise.right_shift(x, _word(32))


def _low(x: tf.Tensor) -> tf.Tensor:
    return tf.bitwise.bitwise_and(x, _word(_HALF - 1))


def _high_product(x: tf.Tensor, factor: int) -> tf.Tensor:
    """Returns the high 64 bits of the 128-bit products of integers and a factor, uint64."""
    above, below = _word(factor // _HALF), _word(factor % _HALF)
    middle = _high(x) * below + _high(_low(x) * below)
    other = _low(x) * above + _low(middle)
    return _high(x) * above + _high(middle) + _high(other)


def _xor(*words: tf.Tensor) -> tf.Tensor:
    return functools.reduce(tf.bitwise.bitwise_xor, words)


def _key(seed: int) -> tf.Tensor:
    """Returns the last 128 bits of a seed, uint64, [2], the lower word first."""
    return tf.constant([seed % _WORD, seed // _WORD % _WORD], tf.uint64)


def philox(count: int | tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Returns the first integers of NumPy's `Philox(key=key)`, uint64, [count].

    Args:
        count: Number of integers.
        key: uint64, [2], the lower word first.
    """
    blocks = (tf.cast(count, tf.int64) + 3) // 4
    zeros = tf.zeros([blocks], tf.uint64)
    # NumPy increments the counter before drawing.
    words = [tf.cast(tf.range(1, blocks + 1), tf.uint64), zeros, zeros, zeros]

    def mixed(number, key, *words):
        high, low = (
            [product(word, factor) for word, factor in zip(words[::2], _MULTIPLIERS, strict=True)]
            for product in (_high_product, lambda word, factor: word * _word(factor))
        )
        words = [_xor(high[1], words[1], key[0]), low[1], _xor(high[0], words[3], key[1]), low[0]]
        return number + 1, key + tf.constant(_KEY_STEPS, tf.uint64), *words

    _, _, *words = tf.while_loop(lambda number, *_: number < _ROUNDS, mixed, (0, key, *words))
    return tf.reshape(tf.stack(words, axis=1), [-1])[:count]


def _polynomial(x: tf.Tensor, coefficients: Sequence[float]) -> tf.Tensor:
    value = tf.fill(tf.shape(x), tf.constant(coefficients[0], tf.float64))
    for coefficient in coefficients[1:]:
        value = value * x + tf.constant(coefficient, tf.float64)
    return value


def _ratio(x: tf.Tensor, polynomials: Sequence[Sequence[float]]) -> tf.Tensor:
    above, below = polynomials
    return _polynomial(x, above) / _polynomial(x, below)


def _log(x: tf.Tensor) -> tf.Tensor:
    """Returns `portable_log` of positive normal float64 numbers."""
    bits = tf.bitcast(x, tf.int64)
    exponent = tf.bitwise.right_shift(bits, tf.constant(52, tf.int64)) - 1022
    fraction = tf.bitwise.bitwise_and(bits, tf.constant(2**52 - 1, tf.int64))
    mantissa = tf.bitcast(fraction + tf.constant(1022 * 2**52, tf.int64), tf.float64)
    low = mantissa < math.sqrt(0.5)
    mantissa = tf.where(low, 2 * mantissa, mantissa)
    s = (mantissa - 1) / (mantissa + 1)
    series = _polynomial(s * s, [1 / (2 * n + 1) for n in reversed(range(LOG_TERMS))])
    whole = tf.cast(exponent - tf.cast(low, tf.int64), tf.float64)
    return whole * tf.constant(LN_2, tf.float64) + 2 * s * series


def _copysign(x: tf.Tensor, sign: tf.Tensor) -> tf.Tensor:
    return tf.where(sign < 0, -tf.abs(x), tf.abs(x))


def _normal_quantile(uniform: tf.Tensor) -> tf.Tensor:
    centred = uniform - 0.5
    inner = centred * _ratio(CENTRE * CENTRE - centred * centred, CENTRAL)
    depth = tf.sqrt(-_log(0.5 - tf.abs(centred)))
    outer = tf.where(depth > TAIL, _ratio(depth - TAIL, OUTERMOST), _ratio(depth - 1.6, OUTER))
    return tf.where(tf.abs(centred) > CENTRE, _copysign(outer, centred), inner)


def _laplace_quantile(uniform: tf.Tensor) -> tf.Tensor:
    tail = _log(1 - 2 * tf.abs(uniform - 0.5))
    return _copysign(tail * tf.constant(math.sqrt(0.5), tf.float64), uniform - 0.5)


# One function for kernels of all shapes and seeds, so that a graph holds it once.
@functools.cache
def _function(transform: Callable[[tf.Tensor], tf.Tensor]) -> Any:
    """Returns a graph function from a count and a key to random numbers, float32, [count]."""

    @tf.function(
        input_signature=[tf.TensorSpec([], tf.int64), tf.TensorSpec([2], tf.uint64)],
        autograph=False,
    )
    def drawn(count, key):
        integers = tf.bitwise.right_shift(philox(count, key), _word(12))
        uniform = (tf.cast(integers, tf.float64) + 0.5) * tf.constant(2.0**-52, tf.float64)
        return tf.cast(transform(uniform), tf.float32)

    return drawn


def _drawn(
    shape: Sequence[int], seed: int, transform: Callable[[tf.Tensor], tf.Tensor]
) -> tf.Tensor:
    """Returns a transform of uniform random numbers, float32 of `shape`."""
    numbers = _function(transform)(tf.constant(math.prod(shape), tf.int64), _key(seed))
    return tf.reshape(numbers, shape)


def graph_uniform(shape: Sequence[int], seed: int) -> tf.Tensor:
    """Like `portable_uniform`, bit for bit, but drawn when the graph runs."""
    return _drawn(shape, seed, tf.identity)


def graph_normal(shape: Sequence[int], seed: int) -> tf.Tensor:
    """Like `portable_normal`, bit for bit, but drawn when the graph runs."""
    return _drawn(shape, seed, _normal_quantile)


def graph_laplace(shape: Sequence[int], seed: int) -> tf.Tensor:
    """Like `portable_laplace`, bit for bit, but drawn when the graph runs."""
    return _drawn(shape, seed, _laplace_quantile)
