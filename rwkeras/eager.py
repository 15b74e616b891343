"""Decorator for functions that must run eagerly."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import tensorflow as tf

_P = ParamSpec("_P")
_R = TypeVar("_R")


def eager_only(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Returns a function that refuses to be part of a graph.

    What a function reads of tensors, decides by them or assigns to variables is not known or not
    done while a graph is made: it would fail far from the cause, or do nothing without a word.

    Args:
        function: What runs eagerly.
    """

    @tf.autograph.experimental.do_not_convert
    @functools.wraps(function)
    def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if not tf.executing_eagerly():
            raise RuntimeError(
                f"`{function.__name__}` runs eagerly and cannot be part of a graph. Call it "
                "outside of `tf.function`, `tf.data.Dataset.map` and the layers of a model."
            )
        return function(*args, **kwargs)

    return checked
