import numpy as np
import pytest

from rwkeras.stacking.halving import schedule, successive_halving


@pytest.mark.parametrize(
    ("candidates", "reduction", "expected"),
    [
        (1, 3, [(1, 90)]),
        (3, 3, [(3, 90)]),
        (5, 3, [(5, 30), (2, 90)]),
        (20, 3, [(20, 10), (7, 30), (3, 90)]),
        (5, 2, [(5, 22), (3, 45), (2, 90)]),
    ],
)
def test_schedule(candidates, reduction, expected):
    assert schedule(candidates, 90, reduction) == expected


def test_schedule_is_never_of_no_iterations():
    assert schedule(100, 2, 2)[0] == (100, 1)


class KnownLosses:
    """A race of candidates whose losses after any number of iterations are known."""

    def __init__(self, losses, members, log):
        self.losses, self.members, self.log = losses, members, log

    def advance(self, iterations):
        self.log.append((iterations, self.members))
        return np.array([self.losses(member, iterations) for member in self.members])

    def select(self, members):
        return KnownLosses(self.losses, [self.members[place] for place in members], self.log)


def run(losses, candidates=5):
    log = []
    rungs = successive_halving(
        lambda: KnownLosses(losses, list(range(candidates)), log), candidates, 90, 3
    )
    return rungs, log


def test_the_best_go_on():
    rungs, log = run(lambda member, iterations: [5.0, 1, 3, 2, 4][member] / iterations)
    assert log == [(30, [0, 1, 2, 3, 4]), (90, [1, 3])]
    assert rungs[0].losses == {0: 5 / 30, 1: 1 / 30, 2: 3 / 30, 3: 2 / 30, 4: 4 / 30}
    assert rungs[1].losses == {1: 1 / 90, 3: 2 / 90}


def test_ties_keep_the_first_candidates():
    assert run(lambda member, iterations: 1.0)[1][1] == (90, [0, 1])


def test_what_is_not_finite_is_the_worst():
    rungs, log = run(lambda member, iterations: [np.nan, 1, -np.inf, np.inf, 2][member])
    assert log[1] == (90, [1, 4])
    assert rungs[0].losses[0] == np.inf
