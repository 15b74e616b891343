import inspect
import re
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import save_file

import rwkeras
from rwkeras.networks.alexnet import (
    MEAN_RGB,
    GroupedConv2D,
    LocalResponseNormalization,
    alexnet,
)
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.precision import lower_precision

CONVS = [f"conv{number}" for number in range(1, 6)]
STAGES = {
    "conv1": ["pool1", "norm1"],
    "conv2": ["pool2", "norm2"],
    "conv3": [],
    "conv4": [],
    "conv5": ["pool5"],
}
BROAD = np.random.default_rng(7).random((1, 67, 75, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    """With biases, so that a test would miss them."""
    model = alexnet(initializer="he", seed=1)
    random = np.random.default_rng(2)
    for name in CONVS:
        layer = model.get_layer(name)
        layer.bias.assign(random.normal(size=layer.bias.shape))
    return model


def windows(x, size, stride):
    view = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(0, 1))
    return view[::stride, ::stride]  # [y, x, channel, i, j]


def numpy_conv(x, kernel, bias):
    size, _, inputs, _ = kernel.shape
    groups = x.shape[2] // inputs
    stride, border = (4, 0) if size == 11 else (1, size // 2)
    padded = np.pad(x, ((border, border), (border, border), (0, 0)))
    parts = [
        np.einsum("yxcij,ijcf->yxf", windows(a, size, stride), k)
        for a, k in zip(np.split(padded, groups, 2), np.split(kernel, groups, 3), strict=True)
    ]
    return np.maximum(np.concatenate(parts, axis=2) + bias, 0)


def numpy_norm(x):
    """Caffe's: local_size 5, alpha 0.0001, beta 0.75, k 1."""
    squares = np.pad(x**2, ((0, 0), (0, 0), (2, 2)))
    sums = sum(squares[:, :, i : i + x.shape[2]] for i in range(5))
    return x / (1 + 0.0001 / 5 * sums) ** 0.75


def numpy_forward(model, image, norm_first):
    x = 255 * image.astype(np.float64) - MEAN_RGB
    activations = {}
    for conv, after in STAGES.items():
        x = numpy_conv(x, *(weight.astype(np.float64) for weight in layer_weights(model, conv)))
        activations[conv] = x
        for name in reversed(after) if norm_first else after:
            x = numpy_norm(x) if name.startswith("norm") else windows(x, 3, 2).max(axis=(3, 4))
            activations[name] = x
    return activations


def layer_weights(model, name):
    return model.get_layer(name).get_weights()


@pytest.mark.parametrize("norm_first", [False, True])
def test_every_layer_against_numpy(network, norm_first):
    model = alexnet(norm_first=norm_first)
    model.set_weights(network.get_weights())
    expected = numpy_forward(model, BROAD[0], norm_first)
    names = [layer.name for layer in model.layers[2:]]
    assert names == list(expected)
    for name, got in rwkeras.extract(model, names, tf.constant(BROAD)).items():
        np.testing.assert_allclose(got[0], expected[name], rtol=1e-4, atol=1e-3)


@pytest.mark.slow
def test_the_fully_connected_layers():
    model = alexnet(include_top=True, seed=1)
    assert model.input_shape == (None, 227, 227, 3)
    assert model.count_params() == 60_965_224
    assert model.get_layer("pool5").output.shape == (None, 6, 6, 256)
    assert [model.get_layer(name).units for name in ("fc6", "fc7", "fc8")] == [4096, 4096, 1000]
    activations = [model.get_layer(name).activation for name in ("fc6", "fc7", "fc8")]
    assert activations == [*2 * [keras.activations.relu], keras.activations.linear]
    kernels = [layer_weights(network, "conv5")[0] for network in (alexnet(seed=1), model)]
    np.testing.assert_array_equal(*kernels)


def test_weights_follow_from_the_seed():
    first, again, other = (alexnet(seed=seed) for seed in (1, 1, 2))
    randomized = alexnet(seed=3)
    rwkeras.randomize(randomized, seed=1)
    for name in CONVS:
        kernel, bias = layer_weights(first, name)
        np.testing.assert_allclose(kernel.std(), 0.015, rtol=0.05)
        assert not bias.any()
        for same in (again, randomized):
            np.testing.assert_array_equal(layer_weights(same, name)[0], kernel)
        assert not np.array_equal(layer_weights(other, name)[0], kernel)


@pytest.mark.parametrize("subtract", [False, True])
def test_preprocessing(subtract):
    model = alexnet(subtract_mean=subtract)
    got = rwkeras.extract(model, ["preprocess"], tf.constant(BROAD))["preprocess"]
    expected = 255 * BROAD - (np.array(MEAN_RGB) if subtract else 0)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-3)


def test_a_grouped_convolution_is_that_of_keras():
    x = tf.constant(np.random.default_rng(3).normal(size=(2, 6, 5, 4)), tf.float32)
    ours, theirs = (kind(6, 3, groups=2) for kind in (GroupedConv2D, keras.layers.Conv2D))
    results, gradients = [], []
    for layer in (ours, theirs):
        with tf.GradientTape() as tape:
            tape.watch(x)
            layer.build(x.shape)
            layer.set_weights([np.sin(np.arange(3 * 3 * 2 * 6)).reshape(3, 3, 2, 6), np.ones(6)])
            y = layer(x)
        results.append(y)
        gradients.append(tape.gradient(y, [x, layer.kernel.value]))
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-5)
    for a, b in zip(*gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [LocalResponseNormalization, GroupedConv2D])
def test_gradient_against_finite_differences(kind):
    layer = kind() if kind is LocalResponseNormalization else kind(8, 3, groups=2)
    random = np.random.default_rng(4)
    x, direction = (tf.constant(random.normal(size=(1, 5, 5, 8)), tf.float32) for _ in range(2))
    x, step = 100 * x, 0.1
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.square(layer(x)))
    along = tf.reduce_sum(tape.gradient(y, x) * direction)
    ends = [tf.reduce_sum(tf.square(layer(x + sign * step * direction))) for sign in (1, -1)]
    np.testing.assert_allclose((ends[0] - ends[1]) / (2 * step), along, rtol=1e-2)


def test_activations_and_gradients_in_bfloat16(network):
    exact = feature_extractor(network, ["conv5"])
    x, gradients, activations = tf.constant(BROAD), [], []
    for extractor in (exact, lower_precision(exact)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            features = extractor(x)["conv5"]
            loss = tf.reduce_sum(tf.cast(features, tf.float32) ** 2)
        gradients.append(tape.gradient(loss, x).numpy().ravel())
        activations.append(tf.cast(features, tf.float32).numpy())
    assert features.dtype == tf.bfloat16
    error = np.linalg.norm(activations[1] - activations[0])
    assert 0 < error < 0.03 * np.linalg.norm(activations[0])
    cosine = gradients[0] @ gradients[1] / np.prod([np.linalg.norm(g) for g in gradients])
    assert cosine > 0.97


def test_saved_and_loaded(network, tmp_path):
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(again(BROAD), network(BROAD))


def arrays_of(model):
    """The arrays of a file without Keras's names."""
    return {
        f"{name}/{role}": weight
        for name in CONVS
        for role, weight in zip(("kernel", "bias"), layer_weights(model, name), strict=True)
    }


def write(kind, model, path):
    if kind == "npz":
        np.savez(path, **arrays_of(model))
    elif kind == "safetensors":
        save_file(arrays_of(model), path)
    elif kind == "weights":
        model.save_weights(path)
    else:
        model.save(path)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("npz", "a.npz"),
        ("safetensors", "a.safetensors"),
        ("weights", "a.weights.h5"),
        ("model", "a.h5"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*HDF5 file")
def test_weights_from_a_file(network, tmp_path, kind, name):
    write(kind, network, tmp_path / name)
    loaded = alexnet(weights=tmp_path / name if kind == "npz" else str(tmp_path / name))
    for got, want in zip(loaded.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)


def test_docstring_converts_caffe_weights(network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    layers = {name: layer_weights(network, name) for name in CONVS}
    layers["conv1"][0] = layers["conv1"][0][:, :, ::-1]
    np.save("bvlc_alexnet.npy", layers)
    lines = re.findall(r"^ {8}((?:layers|pairs|np).*)$", inspect.getdoc(alexnet), re.MULTILINE)
    lines = lines or re.findall(
        r"^ {4}((?:layers|pairs|np).*)$", inspect.getdoc(alexnet), re.MULTILINE
    )
    assert len(lines) == 4
    exec("\n".join(lines), {"np": np})
    loaded = alexnet(weights="alexnet.npz")
    for got, want in zip(loaded.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", ["text.npz", "text.safetensors", "text.h5"])
def test_invalid_weight_files(tmp_path, name):
    (tmp_path / name).write_text("no arrays, sorry")
    path = str(tmp_path / name)
    expected = (
        "Invalid value for argument `weights`. Expected a file of arrays by layer. "
        f"Received: weights={path} ("
    )
    with pytest.raises(ValueError) as error:
        alexnet(weights=path)
    assert str(error.value).startswith(expected)


def test_objects_are_not_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", **{"conv1/kernel": np.array([{}], object)})
    with pytest.raises(ValueError, match=r"Object arrays cannot be loaded when allow_pickle=False"):
        alexnet(weights=tmp_path / "a.npz")


def test_safetensors_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"")
    with pytest.raises(ValueError) as error:
        alexnet(weights=path)
    assert str(error.value) == (
        "Invalid value for argument `weights`. Expected a file of arrays by layer. "
        f"Received: weights={path} (safetensors is missing: pip install 'rwkeras[trained]')"
    )


def test_weights_that_do_not_fit(network, tmp_path):
    path = str(tmp_path / "a.npz")
    whole = {"conv2/kernel": np.zeros((5, 5, 96, 256), np.float32)}
    np.savez(path, **{**arrays_of(network), **whole})
    with pytest.raises(ValueError) as error:
        alexnet(weights=path)
    assert str(error.value) == (
        "Invalid value for argument `weights`. Expected arrays of shapes "
        "[(5, 5, 48, 256), (256,)] for layer 'conv2'. "
        f"Received: weights={path} with [(5, 5, 96, 256), (256,)]"
    )
    path = str(tmp_path / "toy.weights.h5")
    rwkeras.toy_vgg().save_weights(path)
    with pytest.raises(ValueError) as error:
        alexnet(weights=path)
    assert str(error.value) == (
        "Invalid value for argument `weights`. Expected arrays of shapes "
        "[(11, 11, 3, 96), (96,)] for layer 'conv1'. "
        f"Received: weights={path} with none"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"input_shape": (None, None, 1)},
            "Invalid value for argument `input_shape`. Expected (height, width, 3). "
            "Received: input_shape=(None, None, 1)",
        ),
        (
            {"input_shape": (224, 224, 3), "include_top": True},
            "Invalid value for argument `input_shape`. Expected (227, 227, 3), which the fully "
            "connected layers need. Received: input_shape=(224, 224, 3)",
        ),
        (
            {"weights": "imagenet"},
            "Invalid value for argument `weights`. Expected None or the path of a file that "
            "ends in .h5, .npz, .safetensors. "
            "Received: weights=imagenet",
        ),
        (
            {"weights": 3},
            "Invalid value for argument `weights`. Expected None or the path of a file that "
            "ends in .h5, .npz, .safetensors. "
            "Received: weights=3",
        ),
        (
            {"weights": "missing.npz"},
            "Invalid value for argument `weights`. Expected the path of an existing file. "
            "Received: weights=missing.npz",
        ),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError) as error:
        alexnet(**arguments)
    assert str(error.value) == message


def test_an_image_too_small_for_the_poolings():
    with pytest.raises(ValueError, match="large enough for the pooling layers before pool5"):
        rwkeras.extract(alexnet(), ["pool5"], tf.zeros([1, 40, 40, 3]))
