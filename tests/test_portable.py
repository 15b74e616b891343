"""Random numbers are bit-identical on every machine."""

import hashlib
import math
from statistics import NormalDist

import numpy as np
import pytest

from rwkeras.portable import (
    _normal_quantile,
    portable_laplace,
    portable_log,
    portable_normal,
    portable_uniform,
)

# Of 100 003 numbers, which are several chunks and a partial one. The same on any machine.
DIGESTS = {
    portable_uniform: "64f9036393a794a8cadb6e3c250ed9dd520de13c3dfd88377c0d549411fc8302",
    portable_normal: "d3ed15669a84268630b8fea706ecbfdc55770c9fc8d05a451c291929af1d22ca",
    portable_laplace: "86347a42ed90446985142a471d215d136398fe49b1e4d3880002b742b9a6cf11",
}


@pytest.mark.parametrize("draw", DIGESTS)
def test_bits(draw):
    numbers = draw((100_003,), 12345)
    assert numbers.dtype == np.float32
    assert hashlib.sha256(numbers.astype("<f4").tobytes()).hexdigest() == DIGESTS[draw]


def grid() -> np.ndarray:
    """Returns probabilities on the grid of drawn values, over its whole range, denser near 0."""
    near = 2.0 ** np.linspace(0, 52, 2000)
    steps = np.unique(np.concatenate([np.arange(10), near, np.linspace(0, 2**52 - 1, 2000)]) // 1)
    return (np.minimum(steps, 2**52 - 1) + 0.5) * 2.0**-52


def test_normal_quantile():
    probabilities = grid()
    assert probabilities.min() == 2.0**-53
    expected = [NormalDist().inv_cdf(p) for p in probabilities]
    np.testing.assert_allclose(_normal_quantile(probabilities), expected, rtol=0, atol=1e-14)


def test_normal_quantile_is_odd():
    probabilities = grid()
    np.testing.assert_array_equal(
        _normal_quantile(1 - probabilities), -_normal_quantile(probabilities)
    )


def test_log():
    x = np.concatenate([np.logspace(-300, 300, 5001), 1 + np.linspace(-1e-3, 1e-3, 1001)])
    expected = [math.log(value) for value in x]
    np.testing.assert_allclose(portable_log(x), expected, rtol=1e-15, atol=2e-16)


@pytest.mark.parametrize(
    ("draw", "mean", "stddev", "kurtosis"),
    [
        (portable_uniform, 0.5, math.sqrt(1 / 12), 1.8),
        (portable_normal, 0, 1, 3),
        (portable_laplace, 0, 1, 6),
    ],
)
def test_moments(draw, mean, stddev, kurtosis):
    numbers = draw((500, 2000), 7).astype(np.float64)
    assert numbers.shape == (500, 2000)
    centred = numbers - mean
    assert abs(centred.mean()) < 4 * stddev / 1000
    assert numbers.std() == pytest.approx(stddev, rel=0.005)
    assert np.mean(centred**4) / np.mean(centred**2) ** 2 == pytest.approx(kurtosis, rel=0.03)


def test_numbers_do_not_follow_each_other():
    numbers = portable_normal((1_000_000,), 3).astype(np.float64)
    for lag in (1, 2, 4, 1 << 14):
        assert abs(np.mean(numbers[lag:] * numbers[:-lag])) < 0.005


def test_seeds_differ_and_any_integer_is_one():
    drawn = [portable_normal((4,), seed) for seed in (0, 1, -1, 2**61, 2**127)]
    assert len({tuple(numbers) for numbers in drawn}) == 5


def test_a_longer_array_begins_with_a_shorter_one():
    np.testing.assert_array_equal(portable_normal((40_000,), 1)[:100], portable_normal((100,), 1))
