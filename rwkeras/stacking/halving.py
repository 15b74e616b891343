"""Successive halving: candidates with high losses are dropped early.

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
        iterations: Iterations of each candidate at the comparison.
        losses: Loss of each remaining candidate, by its index.
    """

    iterations: int
    losses: dict[int, float]


class CandidateRuns(Protocol):
    """Joint optimisation of several candidates."""

    def advance(self, iterations: int) -> np.ndarray:
        """Continues to a total number of iterations and returns the losses, [candidates]."""

    def select(self, members: Sequence[int]) -> "CandidateRuns":
        """Returns the runs of some of the candidates, by their positions in this one."""


def schedule(candidates: int, iterations: int, reduction: int) -> list[tuple[int, int]]:
    """Returns the number of candidates and the total iterations of each rung.

    Args:
        candidates: Number of candidates in the first rung.
        iterations: Total iterations at the last rung.
        reduction: Factor by which candidates decrease and iterations increase between rungs.
    """
    counts = [candidates]
    while counts[-1] > reduction:
        counts.append(math.ceil(counts[-1] / reduction))
    # The last rung compares at least two candidates, unless there is only one.
    last = len(counts) - 1
    return [
        (count, max(1, round(iterations / reduction ** (last - n))))
        for n, count in enumerate(counts)
    ]


def successive_halving(
    begin: Callable[[], CandidateRuns], candidates: int, iterations: int, reduction: int
) -> tuple[Rung, ...]:
    """Runs successive halving.

    Args:
        begin: Function that returns the runs of all candidates.
        candidates: See `schedule`.
        iterations: See `schedule`.
        reduction: See `schedule`.

    Returns:
        The rungs; the winner has the smallest loss in the last. Non-finite losses become infinity.
    """
    runs, members = begin(), list(range(candidates))
    rungs: list[Rung] = []
    for count, until in schedule(candidates, iterations, reduction):
        if count < len(members):
            losses = np.array([rungs[-1].losses[member] for member in members])
            # Stable, so that the earlier of equal candidates is kept.
            selected = sorted(np.argsort(losses, kind="stable")[:count].tolist())
            runs, members = runs.select(selected), [members[place] for place in selected]
        losses = runs.advance(until)
        losses = np.where(np.isfinite(losses), losses, np.inf)
        rungs.append(Rung(until, dict(zip(members, losses.tolist(), strict=True))))
    return tuple(rungs)
