"""Bootstrap confidence intervals."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from rwkeras.validation import check_number, invalid_argument

_RESAMPLES = 4000


class Interval(NamedTuple):
    """An estimate with the interval in which the truth lies with a confidence of 95 %.

    Attributes:
        estimate: Of the samples at hand.
        low: The 2.5th percentile over resampled samples.
        high: The 97.5th.
    """

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.3g} [{self.low:.3g}, {self.high:.3g}]"


def bootstrap(
    statistic: Callable[..., np.ndarray], *samples: Sequence[float], paired: bool = False
) -> Interval:
    """Returns a statistic of samples with its percentile bootstrap interval (Efron, 1979).

    With few samples the interval is too narrow rather than too wide; of one it is a point.

    Args:
        statistic: A function of arrays of [..., samples] that reduces the last dimension.
        *samples: The samples, of one or several groups.
        paired: Whether the n-th samples of all groups belong together and are drawn together.

    Raises:
        ValueError: A group is empty, or paired groups differ in size.
    """
    arrays = [np.asarray(group, np.float64) for group in samples]
    sizes = [array.size for array in arrays]
    if not sizes or min(sizes) < 1 or (paired and len(set(sizes)) > 1):
        raise invalid_argument("samples", "groups of at least one sample, equal if paired", sizes)
    generator = np.random.Generator(np.random.Philox(key=0))
    drawn, chosen = [], None
    for array in arrays:
        if chosen is None or not paired:
            chosen = generator.integers(array.size, size=(_RESAMPLES, array.size))
        drawn.append(array[chosen])
    values = statistic(*drawn)
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Interval(float(statistic(*arrays)), float(low), float(high))


def mean(x: np.ndarray) -> np.ndarray:
    """Returns the mean over the last dimension."""
    return np.mean(x, axis=-1)


def mean_interval(samples: Sequence[float]) -> Interval:
    """Returns the mean of samples with its interval."""
    return bootstrap(mean, samples)


def difference_of_means(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Returns mean(first) - mean(second) of independent samples with its interval."""
    return bootstrap(lambda a, b: mean(a) - mean(b), first, second)


def mean_difference(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Returns the mean of first - second, sample by sample, with its interval."""
    return bootstrap(lambda a, b: mean(a - b), first, second, paired=True)


def relative_difference(
    first: Sequence[float], second: Sequence[float], *, paired: bool = True
) -> Interval:
    """Returns mean(first) / mean(second) - 1 with its interval."""
    return bootstrap(lambda a, b: mean(a) / mean(b) - 1, first, second, paired=paired)


def mean_relative_difference(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Returns the mean of first / second - 1, sample by sample, with its interval."""
    return bootstrap(lambda a, b: mean(a / b) - 1, first, second, paired=True)


def ratio_of_spreads(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Returns the standard deviation of first over that of second, with its interval."""

    def ratio(a, b):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.std(a, axis=-1) / np.std(b, axis=-1)

    for samples in (first, second):
        check_number("samples", len(samples), integer=True, minimum=2)
    return bootstrap(ratio, first, second)
