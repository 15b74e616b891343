"""Distributions of `rwkeras.networks.initializers` drawn in a graph, with the same bits."""

import math
from collections.abc import Callable

import tensorflow as tf

from rwkeras.networks.initializers import (
    Binary,
    Gaussian,
    He,
    Laplace,
    RandomInitializer,
    Sparse,
    Uniform,
)
from rwkeras.random import derive_seed
from rwkeras.serving.graph.generation import graph_laplace, graph_normal, graph_uniform

Shape = tuple[int, ...]


def _uniform(it: Uniform, shape: Shape) -> tf.Tensor:
    return it.stddev * math.sqrt(3) * (2 * graph_uniform(shape, it.seed) - 1)


def _binary(it: Binary, shape: Shape) -> tf.Tensor:
    return tf.where(graph_uniform(shape, it.seed) < 0.5, -it.scale, it.scale)


def _sparse(it: Sparse, shape: Shape) -> tf.Tensor:
    kept = graph_uniform(shape, derive_seed(it.seed, "kept")) < it.density
    return tf.where(kept, it.stddev / math.sqrt(it.density) * graph_normal(shape, it.seed), 0.0)


# Without orthogonal weights: made vector by vector, they need too many operations for a graph.
_DRAWN: dict[type[RandomInitializer], Callable[..., tf.Tensor]] = {
    Gaussian: lambda it, shape: it.stddev * graph_normal(shape, it.seed),
    He: lambda it, shape: math.sqrt(2 / math.prod(shape[:-1])) * graph_normal(shape, it.seed),
    Laplace: lambda it, shape: it.stddev * graph_laplace(shape, it.seed),
    Uniform: _uniform,
    Binary: _binary,
    Sparse: _sparse,
}


def can_draw(distribution: RandomInitializer) -> bool:
    """Returns whether `draw` supports a distribution."""
    return type(distribution) in _DRAWN


def draw(distribution: RandomInitializer, shape: Shape) -> tf.Tensor:
    """Like `distribution.draw(shape)`, bit for bit, but drawn when the graph runs.

    Args:
        distribution: A distribution that `can_draw` accepts.
        shape: Shape of a kernel.
    """
    return _DRAWN[type(distribution)](distribution, shape)
