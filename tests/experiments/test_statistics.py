import numpy as np
import pytest

from rwkeras.experiments.statistics import (
    Interval,
    bootstrap,
    difference_of_means,
    mean,
    mean_difference,
    mean_interval,
    ratio_of_spreads,
)


def normal(seed, size, *, mean=0.0, stddev=1.0):
    return np.random.default_rng(seed).normal(mean, stddev, size)


def test_mean_interval_is_as_wide_as_the_theory_says():
    samples = normal(0, 100)
    interval = mean_interval(samples)
    assert interval.estimate == pytest.approx(samples.mean())
    half = 1.96 * samples.std() / 10
    assert interval.low == pytest.approx(samples.mean() - half, abs=0.1 * half)
    assert interval.high == pytest.approx(samples.mean() + half, abs=0.1 * half)


def test_interval_holds_the_truth_as_often_as_it_says():
    held = 0
    for seed in range(200):
        interval = mean_interval(normal(seed, 40))
        held += interval.low < 0 < interval.high
    assert 0.9 <= held / 200 <= 0.98


def test_one_sample_is_a_point():
    assert mean_interval([0.5]) == Interval(0.5, 0.5, 0.5)


def test_differences():
    first, second = normal(1, 50, mean=1.0), normal(2, 50)
    apart = difference_of_means(first, second)
    assert apart.estimate == pytest.approx(first.mean() - second.mean())
    assert apart.low > 0.3
    paired = mean_difference(first, first - 0.1)
    np.testing.assert_allclose(paired, 0.1)


def test_pairing_takes_out_what_the_pairs_share():
    shared = normal(3, 30, stddev=10)
    first, second = shared + normal(4, 30, stddev=0.1) + 0.5, shared
    paired, apart = mean_difference(first, second), difference_of_means(first, second)
    assert paired.high - paired.low < 0.05 * (apart.high - apart.low)


def test_ratio_of_spreads():
    ratio = ratio_of_spreads(normal(5, 400, stddev=0.5), normal(6, 400))
    assert ratio.low < 0.5 < ratio.high
    assert ratio.high < 0.65
    constant = ratio_of_spreads([1.0, 1.0, 1.0], normal(7, 3))
    assert constant.estimate == 0


def test_same_samples_same_interval():
    assert mean_interval(normal(8, 10)) == mean_interval(normal(8, 10))
    assert str(Interval(0.12345, 0.1, 0.2)) == "0.123 [0.1, 0.2]"


@pytest.mark.parametrize(
    ("samples", "paired", "sizes"), [(([],), False, [0]), (([1.0], [1.0, 2.0]), True, [1, 2])]
)
def test_errors(samples, paired, sizes):
    with pytest.raises(ValueError) as error:
        bootstrap(lambda *groups: mean(groups[0]), *samples, paired=paired)
    assert str(error.value) == (
        "Invalid value for argument `samples`. Expected groups of at least one sample, equal if "
        f"paired. Received: samples={sizes}"
    )


def test_a_spread_needs_two_samples():
    with pytest.raises(ValueError) as error:
        ratio_of_spreads([1.0], [1.0, 2.0])
    assert str(error.value) == (
        "Invalid value for argument `samples`. Expected an integer of at least 2. "
        "Received: samples=1"
    )
