"""Random numbers, bit-identical on every machine.

TensorFlow's generators draw the same integers everywhere, but their transform to normal numbers
(a logarithm, a sine) uses a mathematical library whose last bits differ between processors. Here
the integers are those of NumPy's Philox 4 x 64, whose stream NumPy promises not to change, and the
rest are separate float64 additions, multiplications, divisions and square roots, which IEEE 754
rounds correctly on every machine.

References:
    Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3 (Philox).
    Wichura (1988), Algorithm AS 241: the percentage points of the normal distribution.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

# Numbers per chunk: a chunk and its temporaries fit in the processor's cache.
_CHUNK = 1 << 14
LN_2 = 0.6931471805599453
LOG_TERMS = 12

# AS 241: normal quantiles as ratios of polynomials, in 0.425^2 - (p - 1/2)^2 at the centre and in
# sqrt(-log min(p, 1 - p)), shifted, in the tails.
CENTRE = 0.425
TAIL = 5.0
CENTRAL = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
OUTER = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959,
     1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0),
)  # fmt: skip
OUTERMOST = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
     0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
     5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
     0.59983220655588793769, 1.0),
)  # fmt: skip


def _polynomial(x: np.ndarray, coefficients: Sequence[float]) -> np.ndarray:
    """Evaluates a polynomial by Horner's rule; `coefficients` start with the highest power's."""
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value *= x
        value += coefficient
    return value


def _ratio(x: np.ndarray, polynomials: Sequence[Sequence[float]]) -> np.ndarray:
    above, below = polynomials
    return _polynomial(x, above) / _polynomial(x, below)


def portable_log(x: np.ndarray) -> np.ndarray:
    """Returns the natural logarithm of positive float64, accurate to about 1e-15.

    With x = m 2^e and s = (m - 1) / (m + 1): log x = e log 2 + 2 (s + s^3 / 3 + s^5 / 5 + ...).
    """
    mantissa, exponent = np.frexp(x)
    low = mantissa < math.sqrt(0.5)
    mantissa = np.where(low, 2 * mantissa, mantissa)
    s = (mantissa - 1) / (mantissa + 1)
    series = _polynomial(s * s, [1 / (2 * n + 1) for n in reversed(range(LOG_TERMS))])
    return (exponent - low) * LN_2 + 2 * s * series


def _normal_quantile(uniform: np.ndarray) -> np.ndarray:
    """Returns standard normal quantiles at probabilities in (0, 1)."""
    centred = uniform - 0.5
    normal = centred * _ratio(CENTRE * CENTRE - centred * centred, CENTRAL)
    outer = np.flatnonzero(np.abs(centred) > CENTRE)
    if outer.size:
        side = centred[outer]
        # 1/2 - |p - 1/2|, the distance of p to the nearer of 0 and 1, is exact.
        depth = np.sqrt(-portable_log(0.5 - np.abs(side)))
        value = _ratio(depth - 1.6, OUTER)
        if depth.max() > TAIL:
            value = np.where(depth > TAIL, _ratio(depth - TAIL, OUTERMOST), value)
        normal[outer] = np.copysign(value, side)
    return normal


def _sample(
    shape: Sequence[int], seed: int, transform: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Returns a transform of uniform random numbers, float32 of `shape`."""
    generator = np.random.Philox(key=seed % 2**128)
    numbers = np.empty(math.prod(shape), np.float32)
    for begin in range(0, numbers.size, _CHUNK):
        part = numbers[begin : begin + _CHUNK]
        # (52-bit integer + 1/2) / 2^52: never 0 or 1, exact in float64, symmetric about 1/2.
        uniform = ((generator.random_raw(part.size) >> np.uint64(12)) + 0.5) * 2.0**-52
        part[:] = transform(uniform)
    return numbers.reshape(shape)


def portable_uniform(shape: Sequence[int], seed: int) -> np.ndarray:
    """Returns uniform random numbers, with the same bits on every machine.

    Args:
        shape: Shape of the array.
        seed: Any integer; its last 128 bits are used.

    Returns:
        float32 of `shape`, in (0, 1]; 1 occurs by rounding only.
    """
    return _sample(shape, seed, lambda uniform: uniform)


def portable_normal(shape: Sequence[int], seed: int) -> np.ndarray:
    """Returns standard normal random numbers, with the same bits on every machine.

    They are normal quantiles at uniform numbers, by AS 241, which is accurate to about 1e-16
    before the rounding to float32.

    Args:
        shape: Shape of the array.
        seed: Any integer; its last 128 bits are used.

    Returns:
        float32 of `shape`.
    """
    return _sample(shape, seed, _normal_quantile)


def portable_laplace(shape: Sequence[int], seed: int) -> np.ndarray:
    """Returns Laplace random numbers of variance 1; otherwise like `portable_normal`."""

    def quantile(uniform):
        tail = portable_log(1 - 2 * np.abs(uniform - 0.5))
        return np.copysign(tail * math.sqrt(0.5), uniform - 0.5)

    return _sample(shape, seed, quantile)
