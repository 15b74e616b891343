"""Estimate of a run's remaining time from its pace so far."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

# Cost of an iteration that does not depend on the size, relative to one at full size.
_FIXED_COST = 0.05
# Number of recent measurements that the pace is estimated from.
_WINDOW = 12


class Segment(NamedTuple):
    """Iterations at one size.

    Attributes:
        iterations: Maximum number of iterations.
        scale: Side length relative to the result's, at most 1.
    """

    iterations: int
    scale: float


class RemainingTime:
    """Estimates the remaining time, with an iteration's cost affine in its number of pixels.

    Args:
        segments: The segments of the run, in order.
    """

    def __init__(self, segments: Sequence[Segment]):
        self._segments = tuple(segments)
        self._measurements: deque[tuple[float, float]] = deque(maxlen=_WINDOW)

    def _cost(self, iteration: int) -> float:
        """Returns the cost of a number of iterations, relative to one at full size."""
        cost, rest = 0.0, iteration
        for segment in self._segments:
            count = min(rest, segment.iterations)
            cost += count * (segment.scale**2 + _FIXED_COST)
            rest -= count
        return cost

    def is_report_iteration(self, iteration: int, every: int) -> bool:
        """Returns whether an uninterrupted run reports progress at an iteration.

        Args:
            iteration: Iterations so far.
            every: Reporting interval in iterations, counted from the start of each segment.
        """
        rest = iteration
        for segment in self._segments:
            if rest <= segment.iterations:
                return rest % every == 0 or rest == segment.iterations
            rest -= segment.iterations
        return False

    @property
    def total_iterations(self) -> int:
        """Total number of iterations."""
        return sum(segment.iterations for segment in self._segments)

    def seconds_left(self, iteration: int, now: float) -> float | None:
        """Records a measurement and returns the estimated seconds left; None if unknown.

        Args:
            iteration: Iterations so far.
            now: Current time in seconds, from any origin.
        """
        cost = self._cost(iteration)
        self._measurements.append((now, cost))
        first_time, first_cost = self._measurements[0]
        if cost <= first_cost or now <= first_time:
            return None
        return (
            (now - first_time)
            / (cost - first_cost)
            * max(0.0, self._cost(self.total_iterations) - cost)
        )
