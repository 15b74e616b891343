import logging
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from rwkeras.compiled import Compiled, signature


class Pair(NamedTuple):
    first: tf.Tensor
    second: tf.Tensor | None


@pytest.fixture
def warnings():
    """TensorFlow's warnings, as a list of messages."""
    said = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    tf.get_logger().addHandler(handler)
    yield said
    tf.get_logger().removeHandler(handler)


def test_each_signature_is_traced_once():
    traces = []

    def doubled(pair, name):
        traces.append((pair.first.shape, name))
        return pair._replace(first=2 * pair.first)

    compiled = Compiled(doubled)
    for size in (2, 3, 2, 3):
        for name in ("a", "b"):
            found = compiled(Pair(tf.ones([size]), None), name)
            np.testing.assert_array_equal(found.first, 2 * np.ones(size))
    assert len(traces) == len(compiled) == 4


def test_many_sizes_and_many_functions_are_no_reason_to_warn(warnings):
    compiled = Compiled(lambda x: x + 1)
    for size in range(2, 14):
        compiled(tf.ones([size]))
        Compiled(lambda x: x + 1)(tf.ones([2]))
    assert not warnings
    # An ordinary function that is traced as often causes a warning.
    plain = tf.function(lambda x: x + 1)
    for size in range(2, 14):
        plain(tf.ones([size]))
    assert warnings


def test_signatures():
    one, two = tf.ones([2, 3]), tf.zeros([2, 3])
    assert signature({"a": (one,), "b": Pair(one, None)}) == signature(
        {"b": Pair(two, None), "a": (two,)}
    )
    assert signature(one) != signature(tf.ones([3, 2]))
    assert signature(one) != signature(tf.ones([2, 3], tf.float64))
    assert signature(Pair(one, None)) != signature((one, None))
    assert signature(tf.Variable(one)) == signature(one)
