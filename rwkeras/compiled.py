"""TensorFlow graph functions, traced once per signature."""

from collections.abc import Callable, Hashable
from typing import Any

import tensorflow as tf


class _Traced:
    """Callable object around a function, to avoid TensorFlow's retracing warnings.

    TensorFlow counts tracings per code object, over all graphs made from it, and warns of frequent
    retracing. Here one tracing per network and size is intended. A callable object has no code
    object to count by.
    """

    def __init__(self, function: Callable[..., Any]):
        self._function = function
        self.__name__ = getattr(function, "__name__", "compiled")

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)


class Compiled:
    """A function compiled to one graph per signature of its arguments.

    Thread-safe, and usable where a program runs its own functions eagerly
    (`tf.config.run_functions_eagerly`).

    Args:
        function: Maps nested tensors and other hashable values to nested tensors.
    """

    def __init__(self, function: Callable[..., Any]):
        self._function = function
        self._graphs = dict[Hashable, Any]()

    def __len__(self) -> int:
        """Returns the number of graphs."""
        return len(self._graphs)

    def __call__(self, *arguments: Any) -> Any:
        """Calls the graph for the arguments' signature and returns the function's result."""
        key = signature(arguments)
        graph = self._graphs.get(key)
        if graph is None:
            # Two threads that arrive at once share the first one's graph.
            made = tf.function(_Traced(self._function), autograph=False)
            graph = self._graphs.setdefault(key, made)
        return graph(*arguments)


def signature(nested: Any) -> Hashable:
    """Returns a hashable key of nested tensors: structure, dtypes and static shapes.

    Args:
        nested: Tensors in tuples, named tuples, lists and dictionaries; any other value is its
            own key.
    """
    if isinstance(nested, dict):
        return dict, tuple((key, signature(value)) for key, value in sorted(nested.items()))
    if isinstance(nested, tuple | list):
        return type(nested), tuple(signature(value) for value in nested)
    if isinstance(nested, tf.Tensor | tf.Variable):
        return nested.dtype, tuple(nested.shape)
    return nested
