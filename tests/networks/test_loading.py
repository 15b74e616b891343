import numpy as np
import pytest

import rwkeras
from rwkeras.networks.batch_normalization import adapt_batch_normalization


def test_by_name_with_and_without_the_top():
    assert rwkeras.load_network("toy_vgg", layers=["conv1_1"]).layers[-1].name == "pool3"
    assert rwkeras.load_network("toy_vgg", layers=["fc7"]).layers[-1].name == "fc8"


def test_from_a_file(tmp_path, toy):
    toy.save(tmp_path / "toy.keras")
    loaded = rwkeras.load_network(str(tmp_path / "toy.keras"))
    for got, want in zip(loaded.get_weights(), toy.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("alexnet", "conv3"),
        ("efficientnet_lite0", "block3b"),
        ("filter_bank", "maps"),
        ("mobilenet", "conv_pw_3_relu"),
        ("multiscale", "level1"),
        ("resnet50", "conv3_block4_out"),
    ],
)
def test_other_architectures_by_name(name, layer):
    model = rwkeras.load_network(name, layers=[layer], seed=2)
    again = rwkeras.load_network(name, layers=[layer], seed=2)
    kernels = [w for w in model.get_weights() if w.ndim == 4]
    assert kernels
    for first, second in zip(kernels, [w for w in again.get_weights() if w.ndim == 4], strict=True):
        np.testing.assert_array_equal(first, second)
    assert model.get_layer(layer) is not None


def test_arguments_reach_the_network():
    model = rwkeras.load_network("toy_vgg", pooling="max", initializer="he", seed=3)
    expected = rwkeras.toy_vgg(pooling="max", initializer="he", seed=3)
    assert type(model.get_layer("pool1")) is type(expected.get_layer("pool1"))
    for first, second in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("network", "argument", "value"),
    [
        ("resnet50", "pooling", "max"),
        ("alexnet", "subtract_mean", True),
        ("vgg19", "weights", "a.h5"),
        ("recipe.json", "initializer", "he"),
        ("model.keras", "pooling", "avg"),
    ],
)
def test_an_argument_that_a_network_does_not_take_is_refused(network, argument, value):
    with pytest.raises(ValueError) as error:
        rwkeras.load_network(network, **{argument: value})
    assert str(error.value) == (
        f"Invalid value for argument `{argument}`. Expected no `{argument}` with network "
        f"'{network}'. Received: {argument}={value}"
    )


def test_a_chain_is_made_ready_by_calibration(square):
    model, expected = (rwkeras.toy_vgg(seed=3) for _ in range(2))
    rwkeras.make_ready(model, square, ["conv2_1"])
    rwkeras.calibrate(rwkeras.feature_extractor(expected, ["conv2_1"]), square)
    for first, second in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("layers", [["level0", "level1"], ["conv0_1_3"]])
def test_random_thresholds_are_made_ready_by_standardising(square, layers):
    model, expected = (rwkeras.load_network("multiscale", seed=3) for _ in range(2))
    rwkeras.make_ready(model, square, layers)
    rwkeras.standardize(rwkeras.feature_extractor(expected, layers), square)
    for first, second in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_filter_bank_stays_as_it_is(square):
    model = rwkeras.filter_bank(sizes=(3, 5), filters=4)
    before = model.get_weights()
    rwkeras.make_ready(model, square, ["maps"])
    for first, second in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_batch_normalisation_is_made_ready_by_adapting_it(square):
    model = rwkeras.load_network("mobilenet")
    layer = "conv_pw_1_relu"
    rwkeras.make_ready(model, square, [layer])
    normalized = rwkeras.extract(model, ["conv_pw_1_bn"], square[np.newaxis])["conv_pw_1_bn"]
    np.testing.assert_allclose(np.mean(normalized, (0, 1, 2)), 0, atol=1e-4)


def test_batch_normalisation_that_is_frozen_keeps_its_statistics(square):
    model = rwkeras.load_network("mobilenet")
    adapt_batch_normalization(model, square)
    for layer in model.layers:
        layer.trainable = False
    before = model.get_weights()
    rwkeras.make_ready(model, 1 - square, ["conv_pw_1_relu"])
    for first, second in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_other_networks_are_left_unchanged(square):
    model = rwkeras.alexnet()
    before = model.get_weights()
    rwkeras.make_ready(model, np.tile(square, (4, 4, 1)), ["conv3"])
    for first, second in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_errors(tmp_path):
    with pytest.raises(ValueError) as error:
        rwkeras.load_network("vgg-19")
    assert str(error.value) == (
        "Invalid value for argument `network`. Expected one of 'vgg19', 'toy_vgg', "
        "'pretrained_vgg19', 'alexnet', 'efficientnet_lite0', 'filter_bank', 'multiscale', "
        "'densenet121', 'efficientnet_b0', 'inception_v3', 'mobilenet', 'mobilenet_v2', "
        "'resnet50', 'vgg16', 'xception', "
        "'RECIPE.json', 'PATH.keras' (did you mean 'vgg19'?). Received: network=vgg-19"
    )
    missing = str(tmp_path / "missing.keras")
    with pytest.raises(ValueError) as error:
        rwkeras.load_network(missing)
    assert str(error.value) == (
        "Invalid value for argument `network`. Expected the path of an existing .keras file. "
        f"Received: network={missing}"
    )
    broken = tmp_path / "broken.keras"
    broken.write_text("no model")
    with pytest.raises(ValueError, match=r"Expected a \.keras file that Keras can load"):
        rwkeras.load_network(str(broken))
