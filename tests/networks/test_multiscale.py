import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.initializers import Gaussian, He, ZeroSum
from rwkeras.networks.multiscale import gram_layers, multiscale, multiscale_layers
from rwkeras.networks.octaves import PyramidReduce
from rwkeras.networks.precision import lower_precision
from rwkeras.networks.standardize import redraw
from tests.conftest import waves

SMALL = {"filters": 4, "sizes": (3, 5)}


def test_layer_names():
    names = [layer.name for layer in multiscale(**SMALL).layers]
    assert set(names) == {
        *("image", "preprocess", "octave1"),
        *("conv0_1_3", "conv0_1_5", "level0", "conv1_1_3", "conv1_1_5", "level1"),
        *("pool1", "joint"),
    }
    deep = [layer.name for layer in multiscale(levels=1, depth=3, **SMALL).layers]
    assert deep == [
        *("image", "preprocess", "conv0_1_3", "conv0_1_5", "conv0_1", "conv0_2", "level0")
    ]
    assert multiscale_layers(3) == ("level0", "level1", "level2")
    assert multiscale_layers() == ("level0", "level1")
    assert multiscale().output_names == ["joint", "level0", "level1"]
    assert gram_layers() == ("level0", "joint")
    assert gram_layers(3) == ("level0", "level1", "joint")
    assert gram_layers(1) == multiscale_layers(1) == ("level0",)


@pytest.mark.parametrize("depth", [1, 2])
def test_shapes(batch, depth):
    found = multiscale(levels=3, depth=depth, **SMALL)(batch)
    assert {name: maps.shape for name, maps in found.items()} == {
        "level0": (2, 16, 20, 8),
        "level1": (2, 8, 10, 8),
        "level2": (2, 4, 5, 8),
        "joint": (2, 4, 5, 24),
    }


def averages(maps):
    """Returns the means of 2 x 2 positions, of fewer at the end of odd sides, [h, w, maps]."""
    height, width = maps.shape[:2]
    return np.array(
        [
            [maps[y : y + 2, x : x + 2].mean((0, 1)) for x in range(0, width, 2)]
            for y in range(0, height, 2)
        ]
    )


@pytest.mark.parametrize("size", [(16, 20), (19, 23)])
def test_all_maps_on_the_coarsest_grid(size):
    found = multiscale(levels=3, **SMALL)(waves(*size)[np.newaxis])
    first, second, third = (found[name][0].numpy() for name in multiscale_layers(3))
    expected = np.concatenate([averages(np.concatenate([averages(first), second], 2)), third], 2)
    np.testing.assert_allclose(found["joint"][0], expected, rtol=1e-5, atol=1e-6)


def convolved(image, kernel, bias):
    """Returns relu(W * x + b) with borders of zeros, in float64; image and kernel of odd sizes."""
    size = kernel.shape[0]
    reach = size // 2
    padded = np.pad(image, [(reach, reach), (reach, reach), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))
    return np.maximum(np.einsum("yxcij,ijcn->yxn", windows, kernel) + bias, 0)


@pytest.mark.parametrize("depth", [1, 2])
def test_it_is_the_equation(image, depth):
    model = multiscale(depth=depth, seed=2, **SMALL)
    found = model(image[np.newaxis])
    smaller = PyramidReduce()(tf.constant(image[np.newaxis], tf.float64) - 0.5)[0].numpy()
    for level, x in enumerate((image.astype(np.float64) - 0.5, smaller)):
        banks = [model.get_layer(f"conv{level}_1_{size}") for size in (3, 5)]
        expected = np.concatenate([convolved(x, *b.get_weights()) for b in banks], 2)
        if depth == 2:
            expected = convolved(expected, *model.get_layer(f"level{level}").get_weights())
        np.testing.assert_allclose(found[f"level{level}"][0], expected, rtol=1e-4, atol=1e-5)


def test_linear_maps(image):
    linear = multiscale(activation="linear", **SMALL)(image[np.newaxis])
    rectified = multiscale(**SMALL)(image[np.newaxis])
    assert np.min(linear["level1"]) < 0
    np.testing.assert_array_equal(np.maximum(linear["level1"], 0), rectified["level1"])


def test_weights_are_the_streams_of_the_layers():
    model = multiscale(seed=3, initializer="he", bias_stddev=0.25, **SMALL)
    for layer in model.layers:
        if layer.weights:
            kernel = He(seed=3).stream(layer.name, "kernel")
            kernel = ZeroSum(kernel) if layer.name.endswith("3") else kernel
            np.testing.assert_array_equal(layer.kernel, kernel.draw(tuple(layer.kernel.shape)))
            bias = Gaussian(0.25, 3).stream(layer.name, "bias")
            np.testing.assert_array_equal(layer.bias, bias.draw(tuple(layer.bias.shape)))


def test_the_seed_decides_the_bits_and_layers_differ():
    first, again, other = (multiscale(depth=2, seed=seed, **SMALL) for seed in (1, 1, 2))
    for one, same, another in zip(first.weights, again.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, another)
    names = ("conv0_1_3", "conv1_1_3")
    kernels, biases = ([first.get_layer(n).get_weights()[i] for n in names] for i in (0, 1))
    assert not np.array_equal(*kernels)
    assert not np.array_equal(*biases)


def test_a_level_is_the_same_however_many_there_are(image):
    few, many = (multiscale(levels=levels, **SMALL)(image[np.newaxis]) for levels in (2, 3))
    np.testing.assert_array_equal(few["level1"], many["level1"])


def test_kernels_of_all_sizes_but_the_largest_sum_to_zero():
    model = multiscale(filters=5, sizes=(3, 5, 7), depth=2)
    for layer in model.layers:
        if layer.weights:
            sums = np.abs(layer.kernel.numpy().sum((0, 1, 2)))
            if layer.name.endswith(("_3", "_5")):
                np.testing.assert_allclose(sums, 0, atol=1e-5)
            elif layer.name.endswith("_7"):
                assert np.all(sums > 1e-3)


def test_without_biases():
    model = multiscale(bias_stddev=0, **SMALL)
    assert not any(np.any(layer.bias.numpy()) for layer in model.layers if layer.weights)


def test_saved_and_loaded(image, tmp_path):
    model = multiscale(depth=2, seed=4, **SMALL)
    model.save(tmp_path / "multiscale.keras")
    loaded = keras.saving.load_model(tmp_path / "multiscale.keras")
    expected = model(image[np.newaxis])
    for name, maps in loaded(image[np.newaxis]).items():
        np.testing.assert_array_equal(maps, expected[name])
    # Its distributions are known too: it can be drawn anew.
    redraw(loaded, 0)
    for one, same in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(one, same)


def test_in_bfloat16(image):
    model = multiscale(**SMALL)
    rwkeras.standardize(model, image)
    extractor = feature_extractor(model, multiscale_layers())
    exact, rough = extractor(image[np.newaxis]), lower_precision(extractor)(image[np.newaxis])
    for name, maps in rough.items():
        assert maps.dtype == tf.bfloat16
        error = np.linalg.norm(tf.cast(maps, tf.float32) - exact[name])
        assert error < 0.05 * np.linalg.norm(exact[name])


@pytest.mark.slow
def test_texture(square):
    model = multiscale(**SMALL)
    rwkeras.standardize(model, square)
    optimizer = rwkeras.OptimizerSettings(memory=8, max_iterations=30)
    result = rwkeras.synthesize_texture(
        model, square, rwkeras.TextureSettings(multiscale_layers()), optimizer=optimizer
    )
    assert result.relative_loss < 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"input_shape": (8, 8)},
            "`input_shape`. Expected (height, width, 3). Received: input_shape=(8, 8)",
        ),
        (
            {"input_shape": (8, 8, 1)},
            "`input_shape`. Expected (height, width, 3). Received: input_shape=(8, 8, 1)",
        ),
        ({"levels": 0}, "`levels`. Expected an integer of at least 1. Received: levels=0"),
        ({"filters": 1.5}, "`filters`. Expected an integer of at least 1. Received: filters=1.5"),
        (
            {"sizes": ()},
            "`sizes`. Expected one or more different filter sizes. Received: sizes=()",
        ),
        (
            {"sizes": (3, 3)},
            "`sizes`. Expected one or more different filter sizes. Received: sizes=(3, 3)",
        ),
        (
            {"sizes": 3},
            "`sizes`. Expected one or more different filter sizes. Received: sizes=3",
        ),
        ({"sizes": (0,)}, "`sizes`. Expected an integer of at least 1. Received: sizes=0"),
        ({"depth": 0}, "`depth`. Expected an integer of at least 1. Received: depth=0"),
        (
            {"bias_stddev": -1},
            "`bias_stddev`. Expected a finite number of at least 0. Received: bias_stddev=-1",
        ),
        (
            {"activation": "tanh"},
            "`activation`. Expected one of 'relu', 'linear'. Received: activation=tanh",
        ),
        (
            {"initializer": "hee"},
            "`initializer`. Expected one of 'gaussian', 'he', 'uniform', 'laplace', 'orthogonal', "
            "'binary', 'sparse' (did you mean 'he'?). Received: initializer=hee",
        ),
        ({"seed": None}, "`seed`. Expected an integer. Received: seed=None"),
    ],
)  # fmt: skip
def test_errors(arguments, message):
    with pytest.raises(ValueError) as error:
        multiscale(**arguments)
    assert str(error.value) == f"Invalid value for argument {message}"


def test_errors_of_names():
    with pytest.raises(ValueError) as error:
        multiscale_layers(0)
    assert str(error.value) == (
        "Invalid value for argument `levels`. Expected an integer of at least 1. Received: levels=0"
    )
