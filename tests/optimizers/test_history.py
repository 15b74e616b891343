import numpy as np
import pytest
import tensorflow as tf

from rwkeras.optimizers import history

RNG = np.random.default_rng(0)
SIZE, MEMORY = 7, 3


def pairs(count):
    """Returns steps and the changes of gradient for a random positive definite Hessian."""
    root = RNG.normal(size=(SIZE, SIZE))
    steps = RNG.normal(size=(count, SIZE))
    return steps, steps @ (root @ root.T + np.eye(SIZE))


def bfgs(steps, changes, gradient):
    """Returns -H g by dense inverse BFGS updates with the given pairs."""
    inverse = np.eye(SIZE) * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for s, y in zip(steps, changes, strict=True):
        rho = 1 / (s @ y)
        left = np.eye(SIZE) - rho * np.outer(s, y)
        inverse = left @ inverse @ left.T + rho * np.outer(s, s)
    return -inverse @ gradient


def store_all(state, steps, changes, members):
    for s, y in zip(steps, changes, strict=True):
        rows = [tf.constant(np.stack([v] * len(members))) for v in (s, y)]
        state = history.store(state, *rows, tf.constant(members))
    return state


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_direction_is_that_of_the_dense_update(count):
    steps, changes = pairs(count)
    gradient = RNG.normal(size=SIZE)
    state = history.empty(tf.zeros([1, SIZE], tf.float64), MEMORY)
    state = store_all(state, steps, changes, [True])
    direction = history.descent_direction(state, tf.constant(gradient[np.newaxis]))
    expected = bfgs(steps[-MEMORY:], changes[-MEMORY:], gradient)
    np.testing.assert_allclose(direction[0], expected, rtol=1e-9)


def test_each_member_has_pairs_of_its_own():
    steps, changes = pairs(6)
    gradient = RNG.normal(size=(2, SIZE))
    state = history.empty(tf.zeros([2, SIZE], tf.float64), MEMORY)
    state = store_all(state, steps[:2], changes[:2], [True, False])
    state = store_all(state, steps[2:], changes[2:], [True, True])
    state = store_all(state, steps[:1], changes[:1], [False, True])
    assert state.stored.numpy().tolist() == [6, 5]
    direction = history.descent_direction(state, tf.constant(gradient))
    np.testing.assert_allclose(direction[0], bfgs(steps[3:], changes[3:], gradient[0]), rtol=1e-9)
    last = [4, 5, 0]
    np.testing.assert_allclose(direction[1], bfgs(steps[last], changes[last], gradient[1]))


def test_a_pair_without_curvature_is_not_stored():
    state = history.empty(tf.zeros([1, SIZE]), MEMORY)
    step = tf.ones([1, SIZE])
    for change in (-step, 0 * step, step * np.nan):
        state = history.store(state, step, change, tf.constant([True]))
    assert state.stored.numpy()[0] == 0
    np.testing.assert_array_equal(history.descent_direction(state, step), -step)


def test_cleared_it_gives_the_scaled_gradient():
    steps, changes = pairs(2)
    state = history.empty(tf.zeros([2, SIZE], tf.float64), MEMORY)
    state = store_all(state, steps, changes, [True, True])
    state = history.clear(state, tf.constant([True, False]))
    gradient = tf.ones([2, SIZE], tf.float64)
    direction = history.descent_direction(state, gradient).numpy()
    np.testing.assert_allclose(direction[0], -state.scaling.numpy()[0] * np.ones(SIZE))
    np.testing.assert_allclose(direction[1], bfgs(steps, changes, np.ones(SIZE)))


def test_what_all_members_do_copies_nothing():
    steps, changes = (tf.constant(RNG.normal(size=(1, SIZE))) for _ in range(2))
    before = history.empty(steps, MEMORY)
    rows = steps, tf.sign(tf.reduce_sum(steps * changes)) * changes
    after = history.store(before, *rows, tf.constant([True]))
    assert all(a is b for a, b in zip(after.steps, (*before.steps[1:], steps), strict=True))
    same = history.store(after, *rows, tf.constant([False]))
    assert all(a is b for a, b in zip(same.changes, after.changes, strict=True))
