"""Successive halving: poor candidates are dropped early, good ones continue.

References:
    Jamieson and Talwalkar (2016), Non-stochastic best arm identification and hyperparameter
    optimization.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np


class Rung(NamedTuple):
    """One rung of successive halving: a comparison of the remaining candidates.

    Attributes:
        iterations: After how many iterations of each it is made.
        losses: The loss of each by its number.
    """

    iterations: int
    losses: dict[int, float]


class Race(Protocol):
    """Some candidates, which go on together."""

    def advance(self, iterations: int) -> np.ndarray:
        """Goes on to a number of iterations in all and returns the losses, [candidates]."""

    def select(self, members: Sequence[int]) -> "Race":
        """Returns the race of some of the candidates, by their places in this one."""


def schedule(candidates: int, iterations: int, reduction: int) -> list[tuple[int, int]]:
    """Returns how many candidates take part in each rung, and to which iteration it goes.

    Args:
        candidates: How many there are at first.
        iterations: Of the last rung.
        reduction: Each rung keeps one candidate of as many, and is as many times as long.
    """
    counts = [candidates]
    while counts[-1] > reduction:
        counts.append(math.ceil(counts[-1] / reduction))
    # What is left at the end is more than one, unless there was but one.
    last = len(counts) - 1
    return [
        (count, max(1, round(iterations / reduction ** (last - n))))
        for n, count in enumerate(counts)
    ]


def halve(
    begin: Callable[[], Race], candidates: int, iterations: int, reduction: int
) -> tuple[Rung, ...]:
    """Runs candidates against each other.

    Args:
        begin: Returns the race of all candidates.
        candidates: See `schedule`.
        iterations: See `schedule`.
        reduction: See `schedule`.

    Returns:
        The rungs; the winner is the best of the last. Losses that are not finite are the worst.
    """
    race, members = begin(), list(range(candidates))
    rungs: list[Rung] = []
    for count, until in schedule(candidates, iterations, reduction):
        if count < len(members):
            losses = np.array([rungs[-1].losses[member] for member in members])
            # A stable sort: of equals, the earlier stays.
            kept = sorted(np.argsort(losses, kind="stable")[:count].tolist())
            race, members = race.select(kept), [members[place] for place in kept]
        losses = race.advance(until)
        losses = np.where(np.isfinite(losses), losses, np.inf)
        rungs.append(Rung(until, dict(zip(members, losses.tolist(), strict=True))))
    return tuple(rungs)
