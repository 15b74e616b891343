import numpy as np
import pytest
import tensorflow as tf

from rwkeras.portable import portable_laplace, portable_normal, portable_uniform
from rwkeras.serving.graph.generation import graph_laplace, graph_normal, graph_uniform, philox


@pytest.mark.parametrize("key", [0, 5, 2**64 - 1, 2**70 + 9])
def test_integers_are_those_of_numpy(key):
    words = tf.constant([key % 2**64, key // 2**64], tf.uint64)
    function = tf.function(lambda: philox(1001, words), autograph=False)
    np.testing.assert_array_equal(function(), np.random.Philox(key=key).random_raw(1001))


@pytest.mark.parametrize("seed", [0, -3, 2**70 + 9])
@pytest.mark.parametrize(
    ("drawn", "portable"),
    [
        (graph_uniform, portable_uniform),
        (graph_normal, portable_normal),
        (graph_laplace, portable_laplace),
    ],
)
def test_numbers_have_the_same_bits(drawn, portable, seed):
    # Enough that both tails of the normal distribution are reached.
    shape = (7, 20011)
    function = tf.function(lambda: drawn(shape, seed), autograph=False)
    assert function().numpy().tobytes() == portable(shape, seed).tobytes()
    if drawn is graph_normal:
        assert np.abs(function()).max() > 4
