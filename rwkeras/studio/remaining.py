"""Estimate of a run's remaining time from its pace so far."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

# Cost of an iteration that does not depend on the size, relative to one at full size.
_FIXED = 0.05
# Number of recent measurements that the pace is estimated from.
_MEMORY = 12


class Stretch(NamedTuple):
    """Iterations at one size.

    Attributes:
        iterations: Maximum number of iterations.
        scale: Side length relative to the result's, at most 1.
    """

    iterations: int
    scale: float


class Remaining:
    """Estimates the remaining time, with an iteration's cost affine in its number of pixels.

    Args:
        stretches: The stretches of the run, in order.
    """

    def __init__(self, stretches: Sequence[Stretch]):
        self._stretches = tuple(stretches)
        self._seen: deque[tuple[float, float]] = deque(maxlen=_MEMORY)

    def _work(self, iteration: int) -> float:
        """Returns the work done up to an iteration, relative to iterations at full size."""
        done, left = 0.0, iteration
        for stretch in self._stretches:
            made = min(left, stretch.iterations)
            done += made * (stretch.scale**2 + _FIXED)
            left -= made
        return done

    def is_reported(self, iteration: int, every: int) -> bool:
        """Returns whether an uninterrupted run reports progress at an iteration.

        Args:
            iteration: Iterations so far.
            every: Reporting interval in iterations, counted from the start of each stretch.
        """
        left = iteration
        for stretch in self._stretches:
            if left <= stretch.iterations:
                return left % every == 0 or left == stretch.iterations
            left -= stretch.iterations
        return False

    @property
    def total(self) -> int:
        """Total number of iterations."""
        return sum(stretch.iterations for stretch in self._stretches)

    def seconds(self, iteration: int, now: float) -> float | None:
        """Records a measurement and returns the estimated seconds left; None if unknown.

        Args:
            iteration: Iterations so far.
            now: Current time in seconds, from any origin.
        """
        work = self._work(iteration)
        self._seen.append((now, work))
        before, begun = self._seen[0]
        if work <= begun or now <= before:
            return None
        return (now - before) / (work - begun) * max(0.0, self._work(self.total) - work)
