import h5py
import keras
import numpy as np
import pytest
from keras.src.applications import vgg19 as keras_vgg19

import rwkeras
from rwkeras.networks import pretrained
from rwkeras.networks.pretrained import PRETRAINED_VGG19, pretrained_vgg19
from rwkeras.networks.vgg import build_vgg, random_kernels
from rwkeras.networks.vgg_architecture import VGG19, narrowed
from tests.conftest import waves

DEPTHS = (2, 2, 4, 4, 4)
CONVS = [f"block{s}_conv{i}" for s, depth in enumerate(DEPTHS, 1) for i in range(1, depth + 1)]
DENSE = ["fc1", "fc2", "predictions"]
IMAGES = np.stack([waves(64, 48), waves(64, 48)[::-1] ** 2])


def write_legacy(path, layers, group=""):
    """Writes arrays as the files that Keras distributes have them."""
    with h5py.File(path, "w") as file:
        root = file.require_group(group) if group else file
        root.attrs["layer_names"] = [name.encode() for name in layers]
        for name, arrays in layers.items():
            names = [f"{name}_W_1:0".encode(), f"{name}_b_1:0".encode()]
            written = root.create_group(name)
            written.attrs["weight_names"] = names
            for key, array in zip(names, arrays, strict=True):
                written.create_dataset(key, data=array)
    return path


@pytest.fixture(scope="module")
def trained():
    """Keras's own network, whose weights are as good as any."""
    model = keras.applications.VGG19(weights=None, include_top=False, input_shape=(None, None, 3))
    rwkeras.randomize(model, "he", seed=8)
    for layer in model.layers:
        if layer.weights:
            layer.bias.assign(np.linspace(-2, 3, layer.filters))
    return model


@pytest.fixture(scope="module", params=["legacy.h5", "new.weights.h5"])
def file(request, trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / request.param
    if path.name == "legacy.h5":
        layers = {name: trained.get_layer(name).get_weights() for name in CONVS}
        return write_legacy(path, layers)
    trained.save_weights(path)
    return path


def test_against_keras_itself(file, trained):
    model = pretrained_vgg19(file, pooling="max")
    again = keras.applications.VGG19(weights=None, include_top=False, input_shape=(None, None, 3))
    again.load_weights(file)
    expected = again(keras.applications.vgg19.preprocess_input(255 * IMAGES.copy()))
    np.testing.assert_allclose(model(IMAGES), expected, rtol=1e-3, atol=1e-3 * np.std(expected))
    assert [layer.name for layer in model.layers] == [x.name for x in rwkeras.vgg19().layers]
    assert isinstance(pretrained_vgg19(file).get_layer("pool1"), keras.layers.AveragePooling2D)


@pytest.fixture
def small(monkeypatch):
    """Weights by Keras's names of a network of the same layers that is quickly made."""
    architecture = narrowed(VGG19, 1 / 32)._replace(name="pretrained_vgg19", top_size=32)
    monkeypatch.setattr(pretrained, "PRETRAINED_VGG19", architecture)
    random = build_vgg(
        architecture,
        random_kernels("he", 3),
        include_top=True,
        subtract_mean=True,
    )
    arrays = [layer.get_weights() for layer in random.layers if layer.weights]
    arrays = [[kernel, bias + 0.1] for kernel, bias in arrays]
    return dict(zip(CONVS + DENSE, arrays, strict=True))


@pytest.mark.parametrize("group", ["", "model_weights"])
def test_fully_connected_layers(tmp_path, small, group):
    path = write_legacy(tmp_path / "top.h5", small, group)
    model = pretrained_vgg19(path, include_top=True)
    for ours, theirs in zip(("fc6", "fc7", "fc8"), DENSE, strict=True):
        for got, want in zip(model.get_layer(ours).get_weights(), small[theirs], strict=True):
            np.testing.assert_array_equal(got, want)
    assert model.get_layer("fc8").activation is keras.activations.linear
    without = pretrained_vgg19(str(path))
    assert without.layers[-1].name == "pool5"
    np.testing.assert_array_equal(
        without.get_layer("conv1_1").kernel, small["block1_conv1"][0][:, :, ::-1]
    )


def test_rescaled_on_request(tmp_path, small):
    path = write_legacy(tmp_path / "small.h5", small)
    features = rwkeras.extract(pretrained_vgg19(path, images=list(IMAGES)), ["conv3_2"], IMAGES)
    means = np.mean(features["conv3_2"], axis=(0, 1, 2))
    np.testing.assert_allclose(means[means > 0], 1, rtol=1e-4)


def test_keras_own_file(tmp_path, monkeypatch, small):
    path = write_legacy(tmp_path / "small.h5", small)
    asked = []

    def get_file(name, origin, **kwargs):
        asked.append((name, origin, kwargs))
        return str(path)

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    for top in (False, True):
        pretrained_vgg19(include_top=top)
    (notop, url_notop, kwargs), (whole, url, _) = asked
    assert url == keras_vgg19.WEIGHTS_PATH
    assert url_notop == keras_vgg19.WEIGHTS_PATH_NO_TOP
    assert (url.endswith(whole), url_notop.endswith(notop)) == (True, True)
    assert kwargs == {"cache_subdir": "models", "file_hash": "253f8cb515780f3b799900260a226db6"}


def test_without_a_network(monkeypatch):
    def get_file(name, origin, **kwargs):
        raise Exception(f"URL fetch failure on {origin}: None -- [Errno -3] No name")

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    monkeypatch.setenv("KERAS_HOME", "/home/me/.keras")
    url = keras_vgg19.WEIGHTS_PATH_NO_TOP
    with pytest.raises(ValueError) as error:
        pretrained_vgg19()
    assert str(error.value) == (
        "Invalid value for argument `weights`. Expected the path of Keras's weights, or "
        f"'imagenet' where Keras can download {url} or has it cached as "
        "/home/me/.keras/models/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5. Received: "
        f"weights=imagenet (URL fetch failure on {url}: None -- [Errno -3] No name)"
    )


def broken(path, small, kind):
    """Writes a file that is wrong in one way; returns what is expected of it, and what is found."""
    kernel, bias = small["block3_conv2"]
    if kind == "missing":
        del small["block3_conv2"]
    elif kind == "shape":
        small["block3_conv2"] = [kernel[:, :, :4], bias]
    elif kind == "nan":
        small["block3_conv2"] = [kernel, np.where(bias == bias[1], np.nan, bias)]
    write_legacy(path, small)
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:50_000])
    elif kind == "text":
        path.write_text("no weights")
    elif kind == "absent":
        path.unlink()
    return {
        "missing": ("intact weights of Keras's VGG19, with a layer 'block3_conv2'", f"{path}"),
        "shape": (
            "[(3, 3, 8, 8), (8,)] for 'conv3_2'",
            f"{path} ([(3, 3, 4, 8), (8,)])",
        ),
        "nan": ("finite weights for 'conv3_2'", f"{path}"),
        "cut": ("an intact HDF5 file of Keras's weights", f"{path}"),
        "text": ("an intact HDF5 file of Keras's weights", f"{path}"),
        "absent": ("'imagenet' or the path of an existing file", f"{path}"),
    }[kind]


@pytest.mark.parametrize("kind", ["missing", "shape", "nan", "cut", "text", "absent"])
def test_invalid_weight_files(tmp_path, small, kind):
    path = tmp_path / "broken.h5"
    expected, received = broken(path, small, kind)
    with pytest.raises(ValueError) as error:
        pretrained_vgg19(path)
    assert str(error.value) == (
        f"Invalid value for argument `weights`. Expected {expected}. Received: weights={received}"
    )


def test_weights_of_another_network(tmp_path):
    path = tmp_path / "toy.weights.h5"
    rwkeras.toy_vgg().save_weights(path)
    with pytest.raises(ValueError) as error:
        pretrained_vgg19(path)
    assert str(error.value) == (
        "Invalid value for argument `weights`. Expected [(3, 3, 3, 64), (64,)] for 'conv1_1'. "
        f"Received: weights={path} ([(3, 3, 3, 8), (8,)])"
    )


@pytest.mark.slow
def test_the_whole_network_against_keras(tmp_path, trained):
    generator = np.random.default_rng(2)
    layers = {name: trained.get_layer(name).get_weights() for name in CONVS}
    for name, shape in zip(DENSE, ((25088, 4096), (4096, 4096), (4096, 1000)), strict=True):
        kernel = np.zeros(shape, np.float32)
        places = generator.integers(shape[0], size=(8, shape[1])), np.arange(shape[1])
        kernel[places] = generator.normal(size=(8, shape[1]))
        layers[name] = [kernel, generator.normal(size=shape[1]).astype(np.float32)]
    path = write_legacy(tmp_path / "whole.h5", layers)
    model = pretrained_vgg19(path, pooling="max", include_top=True)
    assert PRETRAINED_VGG19.top_size == model.input_shape[1] == 224
    reference = keras.applications.VGG19(weights=path, classifier_activation=None)
    images = np.stack([waves(224, 224)])
    expected = reference(keras.applications.vgg19.preprocess_input(255 * images.copy()))
    np.testing.assert_allclose(model(images), expected, rtol=1e-3, atol=1e-3 * np.std(expected))
