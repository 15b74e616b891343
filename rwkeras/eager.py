"""Decorator for functions that must run eagerly."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import tensorflow as tf

_P = ParamSpec("_P")
_R = TypeVar("_R")


def eager_only(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorator that raises `RuntimeError` if a function is called inside a graph.

    Functions that read tensor values, branch on them or assign to variables would, while a graph
    is traced, fail far from the cause or silently do nothing.

    Args:
        function: The function that must run eagerly.
    """

    @tf.autograph.experimental.do_not_convert
    @functools.wraps(function)
    def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if not tf.executing_eagerly():
            raise RuntimeError(
                f"`{function.__name__}` runs eagerly and cannot be used in a graph. Call it "
                "outside of `tf.function`, `tf.data.Dataset.map` and the layers of a model."
            )
        return function(*args, **kwargs)

    return checked
