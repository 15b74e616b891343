import itertools

import numpy as np
import pytest
import tensorflow as tf

from rwkeras.optimizers import line_search
from rwkeras.optimizers.line_search import Trial


def search_along(function, slope, first):
    """Searches along a function of a step; returns the steps tried and whether one was accepted."""
    zero = tf.constant([0.0], tf.float64)
    search = line_search.begin(function(zero), slope(zero), zero + first)
    tried = []
    while True:
        step = search.step
        tried.append(float(step[0]))
        trial = Trial(step, function(step), slope(step))
        if bool(line_search.is_accepted(search.origin, trial)[0]):
            return tried, True
        search = line_search.narrow(search, trial)
        if bool(line_search.is_exhausted(search)[0]):
            return tried, False


@pytest.mark.parametrize("first", [1e-6, 0.01, 1.0, 7.0, 1e4])
def test_finds_a_wolfe_step_of_a_valley(first):
    def function(t):
        return tf.square(t - 1)

    def slope(t):
        return 2 * (t - 1)

    tried, accepted = search_along(function, slope, first)
    assert accepted
    assert function(tried[-1]) <= 1 - 1e-4 * 2 * tried[-1]
    assert slope(tried[-1]) >= -0.9 * 2
    assert len(tried) <= 9


def test_a_unit_step_that_will_do_is_taken_at_once():
    assert search_along(lambda t: tf.square(t - 1.3), lambda t: 2 * (t - 1.3), 1.0) == ([1.0], True)


def test_the_cubic_through_a_quadratic_finds_its_minimum():
    tried, _ = search_along(lambda t: tf.square(t - 1), lambda t: 2 * (t - 1), 4.0)
    np.testing.assert_allclose(tried, [4, 1])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_too_far(bad):
    def function(t):
        return tf.where(t > 2, tf.constant(bad, tf.float64), tf.square(t - 1))

    def slope(t):
        return tf.where(t > 2, tf.constant(bad, tf.float64), 2 * (t - 1))

    tried, accepted = search_along(function, slope, 100.0)
    assert accepted
    np.testing.assert_allclose(tried, [100, 10, 1])


def test_rounding_does_not_decide_near_the_minimum():
    origin = Trial(*(tf.constant([v]) for v in (0.0, 1.0, -1e-9)))
    # The value rose by a rounding error, but the slope shows that the step is good.
    near = Trial(*(tf.constant([v]) for v in (1.0, 1.0 + 1.2e-7, -1e-10)))
    far = near._replace(value=tf.constant([1.00001]))
    assert bool(line_search.is_accepted(origin, near)[0])
    assert not bool(line_search.is_accepted(origin, far)[0])


def test_uphill_all_the_way_is_given_up():
    tried, accepted = search_along(lambda t: t, lambda t: tf.zeros_like(t) - 1, 1.0)
    assert not accepted
    assert len(tried) == line_search.MAX_TRIALS
    assert all(a > b for a, b in itertools.pairwise(tried))


def test_downhill_for_ever_expands_and_is_given_up():
    tried, accepted = search_along(lambda t: -t, lambda t: tf.zeros_like(t) - 1, 1.0)
    assert not accepted
    np.testing.assert_allclose(tried[:3], [1, 10, 100])
