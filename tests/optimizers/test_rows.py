import numpy as np
import tensorflow as tf

from rwkeras.optimizers.rows import dot, norm, select

RNG = np.random.default_rng(1)


def test_dot():
    a, b = RNG.normal(size=(2, 3, 5))
    np.testing.assert_allclose(dot(tf.constant(a), tf.constant(b)), (a * b).sum(1))


def test_select():
    ours, theirs = tf.ones([2, 3]), tf.zeros([2, 3])
    assert select(tf.constant([True, True]), ours, theirs) is ours
    assert select(tf.constant([False, False]), ours, theirs) is theirs
    mixed = select(tf.constant([True, False]), (ours, theirs), (theirs, ours))
    np.testing.assert_array_equal(mixed[0], [[1, 1, 1], [0, 0, 0]])
    np.testing.assert_array_equal(mixed[1], [[0, 0, 0], [1, 1, 1]])
    # Tensors of any rank.
    shapes = (2,), (2, 3, 4)
    ours, theirs = tuple(map(tf.ones, shapes)), tuple(map(tf.zeros, shapes))
    flat, deep = select(tf.constant([False, True]), ours, theirs)
    np.testing.assert_array_equal(flat, [0, 1])
    np.testing.assert_array_equal(deep, np.stack([np.zeros((3, 4)), np.ones((3, 4))]))
    # Scalars, without a batch dimension.
    assert select(tf.constant([True, False]), tf.constant(1), tf.constant(2)) == 2


def test_norms_neither_over_nor_underflow():
    rows = RNG.normal(size=(3, 5)).astype(np.float32)
    factors = np.float32([[1e30], [1], [1e-30]])
    expected = np.linalg.norm(rows.astype(np.float64), axis=1) * factors[:, 0]
    np.testing.assert_allclose(norm(tf.constant(rows * factors)), expected, rtol=1e-6)
    assert norm(tf.zeros([1, 4])).numpy() == [0]
