import subprocess
import sys

import keras
import numpy as np
import pytest

import rwkeras
from rwkeras.networks.vgg import MEAN_RGB
from rwkeras.networks.vgg_architecture import TOY_VGG, VGG19

CONVS = [f"conv{s}_{i}" for s, depth in enumerate((2, 2, 4, 4, 4), 1) for i in range(1, depth + 1)]


@pytest.fixture(scope="module")
def vgg():
    return rwkeras.vgg19(seed=1)


def test_vgg19_has_the_papers_layers(vgg):
    names = [layer.name for layer in vgg.layers]
    assert [name for name in names if name.startswith("conv")] == CONVS
    assert [name for name in names if name.startswith("pool")] == [f"pool{i}" for i in range(1, 6)]
    assert names.index("pool3") == names.index("conv3_4") + 1
    assert vgg.count_params() == 20_024_384
    assert vgg.compute_output_shape((1, 256, 256, 3)) == (1, 8, 8, 512)


def test_layers_of_an_architecture_are_in_forward_order(vgg):
    assert TOY_VGG.layers == (
        "conv1_1", "conv1_2", "pool1", "conv2_1", "conv2_2", "pool2", "conv3_1", "conv3_2", "pool3",
    )  # fmt: skip
    assert VGG19.layers == tuple(layer.name for layer in vgg.layers[2:])


def test_weights_are_gaussian_with_zero_biases(vgg):
    for name in CONVS:
        kernel, bias = vgg.get_layer(name).get_weights()
        np.testing.assert_allclose(kernel.std(), 0.015, rtol=0.05)
        assert not bias.any()


def test_layers_of_one_shape_differ(vgg):
    first, second = (vgg.get_layer(name).get_weights()[0] for name in ("conv4_2", "conv4_3"))
    assert first.shape == second.shape
    assert not np.array_equal(first, second)


@pytest.mark.slow
def test_vgg19_with_the_fully_connected_layers(vgg):
    top = rwkeras.vgg19(seed=1, include_top=True)
    assert top.input_shape == (None, 256, 256, 3)
    assert top.get_layer("fc6").kernel.shape == (8 * 8 * 512, 4096)
    assert [top.get_layer(name).units for name in ("fc6", "fc7", "fc8")] == [4096, 4096, 1000]
    kernels = [model.get_layer("conv5_4").get_weights()[0] for model in (vgg, top)]
    np.testing.assert_array_equal(*kernels)


def test_same_seed_same_weights():
    first, second, other = (rwkeras.toy_vgg(seed=seed).get_weights() for seed in (1, 1, 2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize(
    ("pooling", "layer"),
    [("avg", keras.layers.AveragePooling2D), ("max", keras.layers.MaxPooling2D)],
)
def test_pooling(pooling, layer):
    assert isinstance(rwkeras.toy_vgg(pooling=pooling).get_layer("pool1"), layer)


@pytest.mark.parametrize("subtract", [False, True])
def test_preprocessing(subtract, square):
    model = rwkeras.toy_vgg(subtract_mean=subtract)
    got = rwkeras.extract(model, ["preprocess"], square[np.newaxis])["preprocess"]
    expected = 255 * square - (np.array(MEAN_RGB) if subtract else 0)
    np.testing.assert_allclose(got[0], expected, rtol=1e-5, atol=1e-3)


def test_conv_layer_against_numpy(square):
    model = rwkeras.toy_vgg(seed=4)
    got = rwkeras.extract(model, ["conv1_1"], square[np.newaxis])["conv1_1"][0].numpy()
    kernel = model.get_layer("conv1_1").get_weights()[0].astype(np.float64)
    padded = np.pad(square.astype(np.float64) * 255, ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
    expected = np.maximum(np.einsum("yxcij,ijcf->yxf", windows, kernel), 0)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


LOAD = """
import sys
import keras, numpy, rwkeras
for name in sys.argv[1:]:
    model = keras.saving.load_model(f"{name}.keras")
    numpy.save(f"{name}.npy", model(numpy.full((1, 32, 32, 3), 0.3, "float32")))
"""


@pytest.mark.slow
def test_saved_networks_are_the_same_in_another_process(tmp_path):
    models = {
        name: rwkeras.toy_vgg(include_top=True, initializer=name, seed=6)
        for name in ("gaussian", "sparse")
    }
    for name, model in models.items():
        model.save(tmp_path / f"{name}.keras")
    command = [sys.executable, "-c", LOAD, *(tmp_path / name for name in models)]
    subprocess.run(command, check=True, capture_output=True)
    for name, model in models.items():
        expected = model(np.full((1, 32, 32, 3), 0.3, np.float32))
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"pooling": "l2"},
            "Invalid value for argument `pooling`. Expected one of 'avg', 'max'. "
            "Received: pooling=l2",
        ),
        (
            {"input_shape": (None, None, 1)},
            "Invalid value for argument `input_shape`. Expected (height, width, 3). "
            "Received: input_shape=(None, None, 1)",
        ),
        (
            {"input_shape": (224, 224, 3), "include_top": True},
            "Invalid value for argument `input_shape`. Expected (256, 256, 3), which the fully "
            "connected layers need. Received: input_shape=(224, 224, 3)",
        ),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError) as error:
        rwkeras.vgg19(**arguments)
    assert str(error.value) == message
