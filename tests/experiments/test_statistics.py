import math

import numpy as np
import pytest
from scipy import stats

from rwkeras.experiments.statistics import (
    Evidence,
    Interval,
    compare_censored_times,
    holm,
    intersection_union_test,
    kaplan_meier,
    mean_test,
    sign_interval,
    sign_test,
    t_interval,
)

N = 10


def drawn(kind, runs, seed=0, size=N):
    generator = np.random.Generator(np.random.Philox(seed))
    if kind == "normal":
        return generator.normal(size=(runs, size)), 0.0
    # Skewed, like ratios.
    return generator.lognormal(0.0, 0.5, size=(runs, size)), math.exp(0.125)


def test_t_interval_is_the_textbooks():
    values = [1.0, 2.0, 4.0, 7.0]
    half = stats.t.ppf(0.975, 3) * np.std(values, ddof=1) / 2
    found = t_interval(values)
    np.testing.assert_allclose(found, [3.5, 3.5 - half, 3.5 + half, 4])


@pytest.mark.parametrize(("kind", "least"), [("normal", 0.93), ("lognormal", 0.90)])
def test_intervals_of_ten_draws_hold_the_truth_as_often_as_they_say(kind, least):
    samples, truth = drawn(kind, 3000)
    intervals = [t_interval(each) for each in samples]
    held = np.mean([each.low <= truth <= each.high for each in intervals])
    assert least <= held <= 0.97


def test_null_claims_get_a_firm_verdict_as_rarely_as_they_should():
    families, size = 300, 12
    wrong = 0
    for seed in range(families):
        samples, _ = drawn("normal", size, seed)
        wrong += min(holm([mean_test(each, "below", 0.0).p for each in samples])) < 0.05
    # Of 300 families, 15 are expected; 26 or more have a probability of 1 in 200.
    assert wrong <= 26


@pytest.mark.parametrize("direction", ["below", "above"])
def test_one_sided_tests_are_the_two_sided_one(direction):
    samples = drawn("normal", 1, 4)[0][0] + 0.4
    test = mean_test(samples, direction, 0.0)
    assert test.support + test.refute == pytest.approx(1)
    assert test.p == pytest.approx(stats.ttest_1samp(samples, 0).pvalue)
    assert (test.support < test.refute) == (direction == "above")


def test_within_needs_both_ends_excluded():
    samples = drawn("normal", 1, 5)[0][0]
    samples = 0.01 * (samples - samples.mean())
    assert mean_test(samples, "within", 0.1).support < 1e-6
    assert mean_test(samples + 0.2, "within", 0.1).refute < 1e-6
    assert mean_test(samples - 0.2, "within", 0.1).refute < 1e-6
    at_the_end = mean_test(samples + 0.1, "within", 0.1)
    assert at_the_end.support == pytest.approx(0.5)
    assert at_the_end.refute == 1
    both = [
        stats.ttest_1samp(samples, b, alternative=a) for b, a in ((0.1, "less"), (-0.1, "greater"))
    ]
    expected = max(each.pvalue for each in both)
    assert mean_test(samples, "within", 0.1).support == pytest.approx(expected)


def test_samples_without_spread_are_judged_by_their_sign():
    test = mean_test([0.5] * N, "below", 1.0)
    assert test == Evidence(2.0**-N, 1.0)
    assert mean_test([1.0] * N, "below", 1.0) == Evidence(1.0, 1.0)
    assert mean_test([0.0] * N, "within", 1.0).support == 2.0**-N
    assert t_interval([0.5] * N) == Interval(0.5, 0.5, 0.5, N)


def test_one_sample_has_no_interval():
    found = t_interval([0.5])
    assert (found.estimate, found.n) == (0.5, 1)
    assert math.isnan(found.low)


def test_holm_is_the_textbooks():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_all_hold_if_the_least_certain_does():
    tests = [Evidence(0.01, 0.99), Evidence(0.2, 0.8), Evidence(0.5, 0.001)]
    assert intersection_union_test(tests) == Evidence(0.5, pytest.approx(0.003))
    assert intersection_union_test(tests[:1]) == tests[0]


@pytest.mark.parametrize(
    ("first", "second", "sign"),
    [
        ((10, False), (20, False), 1),
        ((20, False), (10, False), -1),
        ((10, False), (10, False), 0),
        ((10, False), (20, True), 1),
        ((20, True), (10, False), -1),
        ((20, False), (20, True), 1),
        # The first is censored at 10, so its order relative to 20 is unknown.
        ((10, True), (20, False), 0),
        ((20, True), (20, True), 0),
    ],
)
def test_which_of_two_censored_times_is_the_earlier(first, second, sign):
    assert compare_censored_times(first, second) == sign
    assert compare_censored_times(second, first) == -sign


def test_signs_are_tested_exactly_and_ties_dropped():
    signs = [1] * 9 + [-1] + [0] * 5
    assert sign_test(signs).support == pytest.approx(11 / 1024)
    found = sign_interval(signs)
    assert (found.estimate, found.n) == (0.9, 10)
    assert found.low == pytest.approx(stats.beta.ppf(0.025, 9, 2))
    assert sign_test([0, 0]) == Evidence(1.0, 1.0)
    assert sign_interval([0, 0]).n == 0


def test_kaplan_meier_of_censored_runs():
    times, arrived = kaplan_meier([1, 2, 3, 4], [False, True, False, False])
    # One of four arrives at 1; one of the two still at risk arrives at 3.
    shares = dict(zip(times, arrived, strict=True))
    assert shares[1] == pytest.approx(1 / 4)
    assert shares[3] == pytest.approx(1 - 3 / 4 / 2)
    assert shares[4] == pytest.approx(1)


def test_errors():
    with pytest.raises(ValueError) as error:
        t_interval([])
    assert str(error.value) == (
        "Invalid value for argument `samples`. Expected at least one. Received: samples=[]"
    )
    with pytest.raises(ValueError, match="`direction`"):
        mean_test([1.0, 2.0], "under", 0.0)
