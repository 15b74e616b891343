import hashlib
import math

import keras
import numpy as np
import pytest

import rwkeras
from rwkeras.networks.initializers import get_initializer

SHAPE = (3, 3, 40, 50)


@pytest.mark.parametrize(
    ("name", "stddev"),
    [
        ("gaussian", 0.015),
        ("uniform", 0.015),
        ("laplace", 0.015),
        ("sparse", 0.015),
        ("he", math.sqrt(2 / 360)),
        ("binary", 1.0),
        ("orthogonal", math.sqrt(1 / 360)),
    ],
)
def test_mean_and_standard_deviation(name, stddev):
    weights = get_initializer(name, 5)(SHAPE).numpy()
    assert weights.shape == SHAPE
    assert weights.dtype == np.float32
    assert abs(weights.mean()) < 0.03 * stddev
    np.testing.assert_allclose(weights.std(), stddev, rtol=0.03)


def kurtosis(weights):
    return np.mean(weights**4) / np.mean(weights**2) ** 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [("gaussian", 3), ("he", 3), ("uniform", 1.8), ("laplace", 6), ("sparse", 30)],
)
def test_shape_of_the_distribution(name, expected):
    weights = get_initializer(name, 1)((200, 1000)).numpy().astype(np.float64)
    np.testing.assert_allclose(kurtosis(weights), expected, rtol=0.1)


def test_binary_has_two_values():
    weights = rwkeras.Binary(scale=0.5, seed=1)(SHAPE).numpy()
    assert set(np.unique(weights)) == {-0.5, 0.5}


def test_sparse_keeps_a_share():
    weights = rwkeras.Sparse(density=0.2, seed=1)(SHAPE).numpy()
    assert abs(np.mean(weights != 0) - 0.2) < 0.01


@pytest.mark.parametrize("shape", [(3, 3, 4, 20), (3, 3, 2, 40), (30, 10)])
def test_orthogonal_has_orthonormal_rows_or_columns(shape):
    kernel = rwkeras.Orthogonal(seed=2)(shape).numpy().reshape(-1, shape[-1])
    kernel = kernel if kernel.shape[0] >= kernel.shape[1] else kernel.T
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(kernel.shape[1]), atol=1e-4)


@pytest.mark.parametrize("name", sorted(rwkeras.INITIALIZERS))
def test_stateless_and_serialisable(name):
    initializer = get_initializer(name, 7)
    first = initializer(SHAPE).numpy()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(initializer))
    assert again == initializer
    assert hash(again) == hash(initializer)
    assert again != initializer.with_seed(8)
    np.testing.assert_array_equal(again(SHAPE), first)
    np.testing.assert_array_equal(initializer(SHAPE), first)
    assert not np.array_equal(initializer.with_seed(8)(SHAPE), first)


def test_streams_differ_and_repeat():
    gaussian = rwkeras.Gaussian(seed=1)
    conv = gaussian.stream("conv1_1", "kernel")
    np.testing.assert_array_equal(conv(SHAPE), gaussian.stream("conv1_1", "kernel")(SHAPE))
    assert not np.array_equal(conv(SHAPE), gaussian.stream("conv1_2", "kernel")(SHAPE))
    assert not np.array_equal(conv(SHAPE), gaussian.with_seed(2).stream("conv1_1", "kernel")(SHAPE))


@pytest.mark.parametrize("shape", [(3, 3, 4, 20), (30, 10)])
def test_zero_sum_is_another_distribution_less_its_mean(shape):
    base = rwkeras.Laplace(seed=4)
    kernel = rwkeras.ZeroSum(base)(shape).numpy()
    drawn = base.draw(shape).astype(np.float64)
    axes = tuple(range(len(shape) - 1))
    np.testing.assert_allclose(
        kernel, drawn - drawn.mean(axes, keepdims=True), rtol=1e-5, atol=1e-9
    )
    np.testing.assert_allclose(kernel.astype(np.float64).sum(axes), 0, atol=1e-7)


def test_zero_sum_is_stateless_and_serialisable():
    initializer = rwkeras.ZeroSum(rwkeras.Sparse(density=0.5, seed=7))
    assert initializer.seed == 7
    first = initializer(SHAPE).numpy()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(initializer))
    assert again == initializer
    assert hash(again) == hash(initializer)
    assert initializer != initializer.distribution
    assert initializer != rwkeras.ZeroSum(rwkeras.Gaussian(seed=7))
    np.testing.assert_array_equal(again(SHAPE), first)


def test_zero_sum_of_a_stream_or_a_seed():
    initializer = rwkeras.ZeroSum(rwkeras.He(seed=7))
    assert initializer.with_seed(8) == rwkeras.ZeroSum(rwkeras.He(seed=8))
    assert initializer.stream("a") == rwkeras.ZeroSum(rwkeras.He(seed=7).stream("a"))
    assert initializer.with_seed(8) != initializer
    assert not np.array_equal(initializer.with_seed(8)(SHAPE), initializer(SHAPE))


def test_golden_values():
    drawn = rwkeras.Gaussian(seed=0).stream("conv1_1", "kernel")((4,)).numpy()
    np.testing.assert_array_equal(drawn, np.float32(GOLDEN))


GOLDEN = [
    0.012426930479705334,
    -0.0033828886225819588,
    -0.019017474725842476,
    -0.006260416470468044,
]


def test_dtype():
    assert rwkeras.Gaussian(seed=0)((2, 2), dtype="float64").dtype == "float64"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: rwkeras.Gaussian(stddev=0),
            "Invalid value for argument `stddev`. Expected a finite number greater than 0. "
            "Received: stddev=0",
        ),
        (
            lambda: rwkeras.Sparse(density=2),
            "Invalid value for argument `density`. Expected a number in (0, 1]. "
            "Received: density=2",
        ),
        (
            lambda: rwkeras.Binary(seed=1.5),
            "Invalid value for argument `seed`. Expected an integer. Received: seed=1.5",
        ),
        (
            lambda: rwkeras.ZeroSum("he"),
            "Invalid value for argument `distribution`. Expected a `RandomInitializer`. "
            "Received: distribution=he",
        ),
        (
            lambda: get_initializer("gausian", 0),
            "Invalid value for argument `initializer`. Expected one of 'gaussian', 'he', "
            "'uniform', 'laplace', 'orthogonal', 'binary', 'sparse' (did you mean 'gaussian'?). "
            "Received: initializer=gausian",
        ),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("shape", "digest"), [((3, 3, 9, 70), "fd5d410b811af722"), ((5, 130), "be22bc52e11337a9")]
)
def test_orthogonal_weights_are_the_same_bits_anywhere(shape, digest):
    weights = rwkeras.Orthogonal(seed=2)(shape).numpy()
    assert hashlib.sha256(weights.tobytes()).hexdigest()[:16] == digest
