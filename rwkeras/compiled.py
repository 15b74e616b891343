"""Functions of tensors as TensorFlow's graphs, traced once for each signature."""

from collections.abc import Callable, Hashable
from typing import Any

import tensorflow as tf


class _Traced:
    """A function under an identity of its own.

    TensorFlow counts how often a function's code is traced, over all graphs that were ever made of
    it, and warns of code that is traced again and again. Here that is no mistake: what is compiled
    for another network or another size is another function. An object has no code to be counted by.
    """

    def __init__(self, function: Callable[..., Any]):
        self._function = function
        self.__name__ = getattr(function, "__name__", "compiled")

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)


class Compiled:
    """A function as graphs, one for each signature of its arguments.

    It may be called from several threads, and where a program runs its own functions eagerly
    (`tf.config.run_functions_eagerly`).

    Args:
        function: Of nested tensors, and of whatever else can be hashed, to nested tensors.
    """

    def __init__(self, function: Callable[..., Any]):
        self._function = function
        self._graphs = dict[Hashable, Any]()

    def __len__(self) -> int:
        """Returns how many graphs there are."""
        return len(self._graphs)

    def __call__(self, *arguments: Any) -> Any:
        """Returns what the function returns."""
        key = signature(arguments)
        graph = self._graphs.get(key)
        if graph is None:
            # Of two threads that come here at once, both take the first one's.
            made = tf.function(_Traced(self._function), autograph=False)
            graph = self._graphs.setdefault(key, made)
        return graph(*arguments)


def signature(nested: Any) -> Hashable:
    """Returns the dtypes and static shapes of nested tensors, and their structure, hashable.

    Args:
        nested: Tensors in tuples, named ones among them, lists and dictionaries; anything else
            stands for itself.
    """
    if isinstance(nested, dict):
        return dict, tuple((key, signature(value)) for key, value in sorted(nested.items()))
    if isinstance(nested, tuple | list):
        return type(nested), tuple(signature(value) for value in nested)
    if isinstance(nested, tf.Tensor | tf.Variable):
        return nested.dtype, tuple(nested.shape)
    return nested
