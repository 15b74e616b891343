import os
import struct

import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.alexnet import (
    MEAN_RGB,
    GroupedConv2D,
    LocalResponseNormalization,
    alexnet,
)
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.precision import lower_precision

SOURCE = "bvlc_alexnet.npy is at http://www.cs.toronto.edu/~guerzhoy/tf_alexnet/"
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


def caffe_layers(model):
    """What a .npy file holds of the model's weights: the first kernel is for BGR."""
    layers = {name: layer_weights(model, name) for name in CONVS}
    layers["conv1"][0] = layers["conv1"][0][:, :, ::-1]
    return layers


def python_2_array(array):
    """The pickle of a float32 array as Python 2 wrote it, protocol 2."""
    shape = b"(" + b"".join(b"J" + struct.pack("<i", size) for size in array.shape) + b"t"
    data = np.asarray(array, "<f4").tobytes()
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01" + shape + b"cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R"
        b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        b"T" + struct.pack("<i", len(data)) + data + b"tb"
    )


def python_2_npy(layers):
    """A .npy file of a dictionary as NumPy wrote it under Python 2."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    header += b" " * (64 - (10 + len(header) + 1) % 64) + b"\n"
    items = b"".join(
        b"U"
        + bytes([len(name)])
        + name.encode()
        + b"]("
        + b"".join(map(python_2_array, pair))
        + b"e"
        for name, pair in layers.items()
    )
    return (
        b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\x80\x02"
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01)cnumpy\ndtype\nU\x02O8K\x00K\x01\x87R"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89"
        b"](}(" + items + b"uetb."
    )


def write(kind, model, path):
    layers = caffe_layers(model)
    if kind == "lists":
        np.save(path, layers)
    elif kind == "dictionaries":
        named = {n: {"weights": k, "biases": b} for n, (k, b) in layers.items()}
        np.save(path, {**named, "fc6": {"weights": np.ones((2, 2)), "biases": np.ones(2)}})
    elif kind == "fortran":
        np.save(path, {n: [np.asfortranarray(k, ">f8"), b] for n, (k, b) in layers.items()})
    elif kind == "python 2":
        path.write_bytes(python_2_npy(layers))
    elif kind == "weights":
        model.save_weights(path)
    else:
        model.save(path)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("lists", "a.npy"),
        ("dictionaries", "a.npy"),
        ("fortran", "a.npy"),
        ("python 2", "a.npy"),
        ("weights", "a.weights.h5"),
        ("model", "a.h5"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*HDF5 file")
def test_weights_from_a_file(network, tmp_path, kind, name):
    write(kind, network, tmp_path / name)
    loaded = alexnet(weights=tmp_path / name if kind == "lists" else str(tmp_path / name))
    for got, want in zip(loaded.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)


def test_what_python_2_wrote_is_what_numpy_reads(network, tmp_path):
    write("python 2", network, tmp_path / "a.npy")
    loaded = np.load(tmp_path / "a.npy", allow_pickle=True, encoding="latin1").item()
    np.testing.assert_array_equal(loaded["conv5"][0], layer_weights(network, "conv5")[0])


class Command:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


class Loader:
    def __reduce__(self):
        return np.load, ("a.npy",)


class Forged:
    """An array of objects whose addresses are in the file."""

    def __reduce__(self):
        state = (1, (1,), np.dtype("O"), False, b"12345678")
        return np.empty(0).__reduce__()[0], (np.ndarray, (0,), b"b"), state


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Command, "posix.mkdir is no array"),
        (lambda _: Loader(), "numpy.load is no array"),
        (lambda _: Forged(), "an array of type |O8"),
        (lambda _: np.array(["text"]), "an array of type <U4"),
    ],
)
def test_a_pickle_runs_nothing(tmp_path, make, reason):
    made, path = tmp_path / "made", str(tmp_path / "a.npy")
    np.save(path, {"conv1": [make(str(made)), np.ones(96)]})
    with pytest.raises(ValueError) as error:
        alexnet(weights=path)
    assert str(error.value) == (
        "Invalid value for argument `weights`. Expected a file of arrays by layer "
        f"({SOURCE}). Received: weights={path} ({reason})"
    )
    assert not made.exists()


def test_files_that_are_none(tmp_path):
    cases = {
        "list.npy": "'list' object has no attribute 'items'",
        "array.npy": "an array, not a dictionary",
        "version.npy": "an unknown version of the format",
    }
    np.save(tmp_path / "list.npy", np.array([[1, 2], [3]], object))
    np.save(tmp_path / "array.npy", np.ones(3))
    (tmp_path / "version.npy").write_bytes(b"\x93NUMPY\x03\x00")
    for name, reason in cases.items():
        path = str(tmp_path / name)
        with pytest.raises(ValueError) as error:
            alexnet(weights=path)
        assert str(error.value) == (
            "Invalid value for argument `weights`. Expected a file of arrays by layer "
            f"({SOURCE}). Received: weights={path} ({reason})"
        )
    for name, reason in {"text.npy": ".*magic.*", "text.h5": "Unable to .*"}.items():
        (tmp_path / name).write_text("no arrays, sorry")
        with pytest.raises(ValueError, match=rf"{name} \({reason}\)$"):
            alexnet(weights=tmp_path / name)


def test_weights_that_do_not_fit(network, tmp_path):
    layers, path = caffe_layers(network), str(tmp_path / "a.npy")
    whole = [np.zeros((5, 5, 96, 256), np.float32), layers["conv2"][1]]
    np.save(path, {**layers, "conv2": whole})
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
            "Invalid value for argument `weights`. Expected None or the path of a .npy or .h5 "
            "file. Received: weights=imagenet",
        ),
        (
            {"weights": 3},
            "Invalid value for argument `weights`. Expected None or the path of a .npy or .h5 "
            "file. Received: weights=3",
        ),
        (
            {"weights": "missing.npy"},
            "Invalid value for argument `weights`. Expected the path of a file that exists "
            f"({SOURCE}). Received: weights=missing.npy",
        ),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError) as error:
        alexnet(**arguments)
    assert str(error.value) == message


def test_an_image_too_small_for_the_poolings():
    with pytest.raises(ValueError, match="large enough for the poolings before pool5"):
        rwkeras.extract(alexnet(), ["pool5"], tf.zeros([1, 40, 40, 3]))
