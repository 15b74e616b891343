"""Time that a run has left, from what it has taken so far."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

# What an iteration takes whatever the size, as a share of one at the last size.
_FIXED = 0.05
# How many moments back the pace is measured from.
_MEMORY = 12


class Stretch(NamedTuple):
    """Iterations at one size.

    Attributes:
        iterations: How many there are at most.
        scale: Of the result's sides, at most 1.
    """

    iterations: int
    scale: float


class Remaining:
    """Estimates the time left, taking an iteration's for its number of pixels.

    Args:
        stretches: What the run is made of, in order.
    """

    def __init__(self, stretches: Sequence[Stretch]):
        self._stretches = tuple(stretches)
        self._seen: deque[tuple[float, float]] = deque(maxlen=_MEMORY)

    def _work(self, iteration: int) -> float:
        """Returns what has been done up to an iteration, in iterations at the last size."""
        done, left = 0.0, iteration
        for stretch in self._stretches:
            made = min(left, stretch.iterations)
            done += made * (stretch.scale**2 + _FIXED)
            left -= made
        return done

    def is_reported(self, iteration: int, every: int) -> bool:
        """Returns whether a run without interruptions is heard of at an iteration.

        Args:
            iteration: Where the run stands.
            every: After how many iterations at one size it is heard of.
        """
        left = iteration
        for stretch in self._stretches:
            if left <= stretch.iterations:
                return left % every == 0 or left == stretch.iterations
            left -= stretch.iterations
        return False

    @property
    def total(self) -> int:
        """The iterations of all stretches."""
        return sum(stretch.iterations for stretch in self._stretches)

    def seconds(self, iteration: int, now: float) -> float | None:
        """Returns the seconds left; None where nothing is known yet.

        Args:
            iteration: Where the run stands.
            now: The time, in seconds from anywhere.
        """
        work = self._work(iteration)
        self._seen.append((now, work))
        before, begun = self._seen[0]
        if work <= begun or now <= before:
            return None
        return (now - before) / (work - begun) * max(0.0, self._work(self.total) - work)
