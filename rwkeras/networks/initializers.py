"""Random weight distributions as stateless Keras initialisers.

An initialiser is a function of (seed, shape): it returns the same bits on every call and every
machine; see `rwkeras.portable` and `rwkeras.orthonormal`. `stream` derives an initialiser with a
seed of its own for a layer, so that layers of one shape differ and the weights of a layer do not
depend on the depth of the network.
"""

import functools
import math
from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.orthonormal import portable_orthonormal
from rwkeras.portable import portable_laplace, portable_normal, portable_uniform
from rwkeras.random import derive_seed
from rwkeras.validation import check_choice, checked_number, checked_seed, invalid_argument

# Orthogonal weights are rounded to multiples of 1 / _GRID.
_GRID = 2.0**16


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Returns the fan-in (inputs per unit) and the number of units of a kernel."""
    if len(shape) < 2:
        return math.prod(shape), 1
    return math.prod(shape[:-1]), shape[-1]


class RandomInitializer(keras.initializers.Initializer):
    """Base class of seeded weight distributions; subclasses implement `draw`.

    Attributes:
        seed: The integer seed.
    """

    def __init__(self, seed: int = 0):
        self.seed = checked_seed(seed)

    def __call__(self, shape, dtype=None) -> tf.Tensor:
        """Returns weights of `shape`, always drawn in float32 on the CPU, then cast to `dtype`."""
        shape = tuple(int(size) for size in shape)
        with tf.device("CPU:0"):
            return tf.cast(self.draw(shape), dtype or keras.config.floatx())

    def draw(self, shape: tuple[int, ...]) -> np.ndarray:
        """Returns float32 weights of `shape`."""
        raise TypeError(f"{type(self).__name__} does not define `draw`.")

    def stream(self, *names: str) -> "RandomInitializer":
        """Returns this distribution with a seed derived from its own and `names`."""
        return type(self)(**{**self.get_config(), "seed": derive_seed(self.seed, *names)})

    def with_seed(self, seed: int) -> "RandomInitializer":
        """Returns this distribution with another seed."""
        return type(self)(**{**self.get_config(), "seed": seed})

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"seed": self.seed}

    def __eq__(self, other):
        return type(other) is type(self) and other.get_config() == self.get_config()

    def __hash__(self):
        return hash((type(self), *self.get_config().items()))


class _ScaledInitializer(RandomInitializer):
    """Base class of zero-mean distributions with a given standard deviation."""

    def __init__(self, stddev: float = 0.015, seed: int = 0):
        super().__init__(seed)
        self.stddev = checked_number("stddev", stddev, exclusive=True)

    def get_config(self) -> dict[str, Any]:
        return {"stddev": self.stddev, **super().get_config()}


@keras.saving.register_keras_serializable("rwkeras")
class Gaussian(_ScaledInitializer):
    """N(0, stddev); He, Wang and Hopcroft (2016) use a standard deviation of 0.015."""

    def draw(self, shape: tuple[int, ...]) -> np.ndarray:
        return self.stddev * portable_normal(shape, self.seed)


@keras.saving.register_keras_serializable("rwkeras")
class Uniform(_ScaledInitializer):
    """Uniform on [-sqrt(3), sqrt(3)] * stddev."""

    def draw(self, shape: tuple[int, ...]) -> np.ndarray:
        return self.stddev * math.sqrt(3) * (2 * portable_uniform(shape, self.seed) - 1)


@keras.saving.register_keras_serializable("rwkeras")
class Laplace(_ScaledInitializer):
    """Laplace, with density exp(-|w| sqrt(2) / stddev) / (sqrt(2) stddev)."""

    def draw(self, shape: tuple[int, ...]) -> np.ndarray:
        return self.stddev * portable_laplace(shape, self.seed)


@keras.saving.register_keras_serializable("rwkeras")
class He(RandomInitializer):
    """N(0, sqrt(2 / fan_in)), which preserves the magnitude of rectified activations."""

    def draw(self, shape: tuple[int, ...]) -> np.ndarray:
        return math.sqrt(2 / _fans(shape)[0]) * portable_normal(shape, self.seed)


@keras.saving.register_keras_serializable("rwkeras")
class Orthogonal(RandomInitializer):
    """Orthonormal rows or columns of the [fan_in, units] kernel, whichever are fewer.

    The distribution is uniform over such matrices (Mezzadri, 2007), as the QR factorisation of a
    Gaussian matrix is made unique by a positive diagonal; see `portable_orthonormal`. Weights are
    rounded to multiples of 2^-16, so that a seed still gives the weights that it gave when they
    came from a linear algebra library, whose last bits differ between machines.
    """

    def draw(self, shape: tuple[int, ...]) -> np.ndarray:
        fan_in, units = _fans(shape)
        tall = portable_normal((max(fan_in, units), min(fan_in, units)), self.seed)
        q = np.rint(portable_orthonormal(tall.T).T * _GRID) / _GRID
        return (q if fan_in >= units else q.T).reshape(shape).astype(np.float32)


@keras.saving.register_keras_serializable("rwkeras")
class Binary(RandomInitializer):
    """Either +scale or -scale, with equal probability."""

    def __init__(self, scale: float = 1.0, seed: int = 0):
        super().__init__(seed)
        self.scale = checked_number("scale", scale, exclusive=True)

    def draw(self, shape: tuple[int, ...]) -> np.ndarray:
        negative = portable_uniform(shape, self.seed) < 0.5
        return np.where(negative, -self.scale, self.scale).astype(np.float32)

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, **super().get_config()}


@keras.saving.register_keras_serializable("rwkeras")
class Sparse(_ScaledInitializer):
    """Gaussian with probability `density`, otherwise zero; the overall variance is stddev^2."""

    def __init__(self, density: float = 0.1, stddev: float = 0.015, seed: int = 0):
        density = checked_number("density", density, exclusive=True)
        if density > 1:
            raise invalid_argument("density", "a number in (0, 1]", density)
        super().__init__(stddev, seed)
        self.density = density

    def draw(self, shape: tuple[int, ...]) -> np.ndarray:
        kept = portable_uniform(shape, derive_seed(self.seed, "kept")) < self.density
        stddev = self.stddev / math.sqrt(self.density)
        return np.where(kept, stddev * portable_normal(shape, self.seed), 0).astype(np.float32)

    def get_config(self) -> dict[str, Any]:
        return {"density": self.density, **super().get_config()}


@keras.saving.register_keras_serializable("rwkeras")
class ZeroSum(RandomInitializer):
    """Kernels of another distribution minus their mean, so that each unit's weights sum to zero.

    Units do not respond to a constant input.

    Args:
        distribution: The other distribution, which also provides the seed.
    """

    def __init__(self, distribution: RandomInitializer):
        if not isinstance(distribution, RandomInitializer):
            raise invalid_argument("distribution", "a `RandomInitializer`", distribution)
        super().__init__(distribution.seed)
        self.distribution = distribution

    def draw(self, shape: tuple[int, ...]) -> np.ndarray:
        kernel = self.distribution.draw(shape)
        rows = kernel.reshape(-1, shape[-1]).astype(np.float64)
        # Row by row, as the order of summation in `np.sum` depends on the processor.
        total = functools.reduce(np.add, rows)
        return (rows - total / len(rows)).astype(np.float32).reshape(shape)

    def stream(self, *names: str) -> "ZeroSum":
        """Returns this distribution with a seed derived from its own and `names`."""
        return ZeroSum(self.distribution.stream(*names))

    def with_seed(self, seed: int) -> "ZeroSum":
        """Returns this distribution with another seed."""
        return ZeroSum(self.distribution.with_seed(seed))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"distribution": keras.saving.serialize_keras_object(self.distribution)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ZeroSum":
        """Returns the distribution that a result of `get_config` describes."""
        return cls(keras.saving.deserialize_keras_object(config["distribution"]))

    def __eq__(self, other):
        return isinstance(other, ZeroSum) and other.distribution == self.distribution

    def __hash__(self):
        return hash((ZeroSum, self.distribution))


INITIALIZERS: dict[str, type[RandomInitializer]] = {
    "gaussian": Gaussian,
    "he": He,
    "uniform": Uniform,
    "laplace": Laplace,
    "orthogonal": Orthogonal,
    "binary": Binary,
    "sparse": Sparse,
}


def get_initializer(initializer: str | RandomInitializer, seed: int) -> RandomInitializer:
    """Returns a distribution with a given seed.

    Args:
        initializer: A name in `INITIALIZERS`, or a distribution, whose own seed is replaced.
        seed: The seed.

    Raises:
        ValueError: `initializer` is neither, or `seed` is not an integer.
    """
    if isinstance(initializer, RandomInitializer):
        return initializer.with_seed(seed)
    check_choice("initializer", initializer, INITIALIZERS)
    return INITIALIZERS[initializer](seed=seed)
