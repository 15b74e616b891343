"""Estimates and tests for independent draws: t intervals, Holm's correction, censored times."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.multitest import multipletests

from rwkeras.validation import check_choice, invalid_argument

_CONFIDENCE, LEVEL = 0.95, 0.05
DIRECTIONS = ("below", "above", "within")


class Interval(NamedTuple):
    """An estimate with its 95 % confidence interval.

    Attributes:
        estimate: The point estimate.
        low: The lower end of the interval, NaN if there are too few samples for one.
        high: The upper end, likewise.
        n: The number of samples.
    """

    estimate: float
    low: float
    high: float
    n: int


class Evidence(NamedTuple):
    """Evidence for and against a hypothesis, by one-sided tests.

    Attributes:
        support: The p-value of the test whose null is that the hypothesis is false.
        refute: The p-value of the test whose null is that it is true.
    """

    support: float
    refute: float

    @property
    def p(self) -> float:
        """The smaller p-value, Bonferroni-corrected for the two tests."""
        return min(1.0, 2 * min(self.support, self.refute))


def t_interval(samples: ArrayLike) -> Interval:
    """Returns the mean of independent samples with Student's t interval.

    The interval of a single sample is NaN.

    Raises:
        ValueError: There are no samples.
    """
    values = np.asarray(samples, np.float64)
    if values.size < 1:
        raise invalid_argument("samples", "at least one", values.tolist())
    mean = float(values.mean())
    if values.size < 2:
        return Interval(mean, math.nan, math.nan, 1)
    if _all_equal(values):
        return Interval(mean, mean, mean, values.size)
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(_CONFIDENCE)
    return Interval(mean, float(low), float(high), values.size)


def _all_equal(values: np.ndarray) -> bool:
    """Returns whether all values are equal up to rounding."""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())


def mean_test(samples: ArrayLike, direction: str, bound: float) -> Evidence:
    """Returns one-sided t tests of the hypothesis that a mean is below, above or within a bound.

    The hypothesis of "within" is -bound < mean < bound. Its support combines two one-sided tests
    (Schuirmann, 1987), so that both ends must be excluded; to refute it, one end suffices, with
    Bonferroni's correction. If all samples are equal, t tests are undefined and a sign test against
    the bound replaces them: p = 2^-n if all n samples are on the hypothesis's side.

    Args:
        samples: At least two independent samples.
        direction: One of `DIRECTIONS`.
        bound: The bound.

    Raises:
        ValueError: `direction` is not one of `DIRECTIONS`.
    """
    check_choice("direction", direction, DIRECTIONS)
    values = np.asarray(samples, np.float64)
    if direction == "within":
        under, over = _one_sided(values, bound), _one_sided(values, -bound)
        return Evidence(
            max(under.support, over.refute), min(1.0, 2 * min(under.refute, over.support))
        )
    test = _one_sided(values, bound)
    return test if direction == "below" else Evidence(test.refute, test.support)


def _one_sided(values: np.ndarray, bound: float) -> Evidence:
    """Returns the tests of the hypothesis that a mean is below a bound."""
    if _all_equal(values):
        decided = int(values[0] != bound) * values.size
        return _binomial_tests(int(np.sum(values < bound)), decided)
    found = [stats.ttest_1samp(values, bound, alternative=side) for side in ("less", "greater")]
    return Evidence(*(float(each.pvalue) for each in found))


def _binomial_tests(hits: int, decided: int) -> Evidence:
    if decided == 0:
        return Evidence(1.0, 1.0)
    found = [stats.binomtest(hits, decided, alternative=side) for side in ("greater", "less")]
    return Evidence(*(float(each.pvalue) for each in found))


def sign_interval(signs: ArrayLike) -> Interval:
    """Returns the share of positive signs among the nonzero, with Clopper and Pearson's interval.

    If all signs are 0, the share is NaN and n is 0.
    """
    hits, decided = _count_signs(signs)
    if decided == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    low, high = stats.binomtest(hits, decided).proportion_ci(_CONFIDENCE, method="exact")
    return Interval(hits / decided, float(low), float(high), decided)


def sign_test(signs: ArrayLike) -> Evidence:
    """Returns exact sign tests of the hypothesis that positive signs are the majority.

    Ties, which are 0, are dropped.
    """
    return _binomial_tests(*_count_signs(signs))


def _count_signs(signs: ArrayLike) -> tuple[int, int]:
    values = np.asarray(signs, np.float64)
    return int(np.sum(values > 0)), int(np.sum(values != 0))


def intersection_union_test(tests: Sequence[Evidence]) -> Evidence:
    """Returns the test of the conjunction of several hypotheses.

    Its support is the largest p-value (intersection-union test, Berger, 1982); its refutation is
    the smallest p-value against any of them, with Bonferroni's correction.
    """
    refute = min(1.0, len(tests) * min(test.refute for test in tests))
    return Evidence(max(test.support for test in tests), refute)


def holm(ps: Sequence[float]) -> list[float]:
    """Returns the p-values of a family of tests, corrected by the method of Holm (1979)."""
    if not len(ps):
        return []
    return [float(p) for p in multipletests(ps, alpha=LEVEL, method="holm")[1]]


def compare_censored_times(first: tuple[float, bool], second: tuple[float, bool]) -> int:
    """Returns 1 if the first of two times is earlier, -1 if the second is, 0 if tied or unknown.

    Args:
        first: A time, and whether it is right-censored: the event had not occurred by then.
        second: Another time, likewise.
    """
    (a, a_censored), (b, b_censored) = first, second
    if not a_censored and (a < b or (b_censored and a <= b)):
        return 1
    if not b_censored and (b < a or (a_censored and b <= a)):
        return -1
    return 0


def kaplan_meier(times: Sequence[float], censored: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Returns times and the estimated share of runs that have arrived by each.

    The estimate of Kaplan and Meier (1958) for right-censored times.

    Args:
        times: The time at which each run arrived, or ended without arriving.
        censored: Whether each run ended without arriving.
    """
    data = stats.CensoredData.right_censored(
        np.asarray(times, np.float64), np.asarray(censored, bool)
    )
    found = stats.ecdf(data).cdf
    return np.asarray(found.quantiles), np.asarray(found.probabilities)
