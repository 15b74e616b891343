import pytest

from rwkeras.experiments.report import REFUTED, SUPPORTED, UNDECIDED, above, below, within
from rwkeras.experiments.statistics import Interval


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-2, -1, SUPPORTED), (1, 2, REFUTED), (-1, 1, UNDECIDED), (-1, -1, UNDECIDED)],
)
def test_below_and_above(low, high, verdict):
    interval = Interval((low + high) / 2, low, high)
    assert below(interval) == verdict
    assert above(Interval(-interval.estimate, -high, -low)) == verdict
    shifted = Interval(interval.estimate + 5, low + 5, high + 5)
    assert below(shifted, 5) == verdict
    assert above(Interval(5 - interval.estimate, 5 - high, 5 - low), 5) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.04, 0.04, SUPPORTED),
        (-0.04, 0.06, UNDECIDED),
        (0.06, 0.07, REFUTED),
        (-0.07, -0.06, REFUTED),
        (0.01, 0.01, UNDECIDED),
    ],
)
def test_within(low, high, verdict):
    assert within(Interval((low + high) / 2, low, high), 0.05) == verdict
