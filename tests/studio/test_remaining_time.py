import pytest

from rwkeras.studio.remaining_time import RemainingTime, Segment


def test_the_first_estimate_is_none():
    remaining = RemainingTime([Segment(10, 1.0)])
    assert remaining.total_iterations == 10
    assert remaining.seconds_left(0, 5.0) is None
    assert remaining.seconds_left(0, 6.0) is None


def test_a_constant_pace_gives_the_exact_time():
    remaining = RemainingTime([Segment(10, 0.5), Segment(20, 1.0)])
    # At half the sides an iteration is a quarter of the work, and what all take.
    small, large = 0.25 + 0.05, 1.05
    for iteration in range(0, 10, 2):
        left = remaining.seconds_left(iteration, 3.0 * small * iteration)
    assert left == pytest.approx(3.0 * (2 * small + 20 * large))
    assert remaining.seconds_left(30, 3.0 * (10 * small + 20 * large)) == 0


def test_no_time_is_left_after_the_last_iteration():
    remaining = RemainingTime([Segment(10, 1.0)])
    remaining.seconds_left(0, 0.0)
    assert remaining.seconds_left(12, 1.0) == 0


def test_report_iterations():
    remaining = RemainingTime([Segment(12, 0.5), Segment(7, 1.0)])
    reported = [n for n in range(25) if remaining.is_report_iteration(n, 5)]
    assert reported == [0, 5, 10, 12, 17, 19]
