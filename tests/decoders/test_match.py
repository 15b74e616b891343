import numpy as np
import pytest

import rwkeras
from rwkeras.backend import keras
from rwkeras.decoders.match import check_decoder
from rwkeras.decoders.settings import DecoderSettings
from rwkeras.networks.vgg import narrow_vgg19
from tests.conftest import waves

OTHERS = (
    "Invalid value for argument `decoder`. Expected a decoder for this 'toy_vgg'. Received: "
    "decoder=a decoder for other weights or settings"
)


@pytest.fixture(scope="module")
def decoder(toy):
    return rwkeras.decnn(toy, "conv2_1", rwkeras.decoder(toy, "conv2_1", DecoderSettings(depth=1)))


def test_its_own_network(decoder, toy, tmp_path):
    check_decoder(decoder, toy, "conv2_1")
    decoder.save(tmp_path / "decoder.keras")
    loaded = rwkeras.load_decoder(tmp_path / "decoder.keras")
    check_decoder(loaded, toy, "conv2_1")


def test_not_calibrated_or_on_another_image(decoder):
    network = rwkeras.toy_vgg(seed=3)
    check_decoder(decoder, network, "conv2_1")
    kernel = network.get_layer("conv1_1").kernel.numpy()
    rwkeras.make_ready(network, 0.2 + 0.3 * waves(20, 48), ["conv2_1"])
    assert not np.allclose(kernel, network.get_layer("conv1_1").kernel, rtol=0.01)
    check_decoder(decoder, network, "conv2_1")
    # A file keeps a network's name and layers, if not how its kernels were drawn.
    network.get_layer("conv3_1").kernel.assign(network.get_layer("conv3_1").kernel + 1)
    check_decoder(decoder, network, "conv2_1")


def test_of_a_whole_network_with_biases():
    network = rwkeras.toy_vgg(include_top=True, seed=3)
    for layer in network.layers:
        if layer.weights:
            layer.bias.assign(np.linspace(0, 1, layer.bias.shape[0]))
    model = rwkeras.decnn(network, "fc7", rwkeras.decoder(network, "fc7", DecoderSettings(depth=1)))
    rwkeras.calibrate(network, waves(32, 32))
    check_decoder(model, network, "fc7")
    bias = network.get_layer("fc6").bias
    bias.assign(np.flip(bias.numpy()))
    with pytest.raises(ValueError) as info:
        check_decoder(model, network, "fc7")
    assert str(info.value) == OTHERS


@pytest.mark.parametrize("layer", ["conv2_2", "conv1_1"])
def test_another_layer(decoder, toy, layer):
    with pytest.raises(ValueError) as info:
        check_decoder(decoder, toy, layer)
    assert str(info.value) == (
        f"Invalid value for argument `decoder`. Expected a decoder for '{layer}' of 'toy_vgg'. "
        "Received: decoder=a decoder for 'conv2_1' of 'toy_vgg'"
    )


def test_another_architecture(decoder):
    network = narrow_vgg19(width=1 / 16)
    with pytest.raises(ValueError) as info:
        check_decoder(decoder, network, "conv2_1")
    assert str(info.value) == (
        "Invalid value for argument `decoder`. Expected a decoder for 'conv2_1' of "
        "'narrow_vgg19'. Received: decoder=a decoder for 'conv2_1' of 'toy_vgg'"
    )


@pytest.mark.parametrize("settings", [{"seed": 4}, {"pooling": "max"}, {"subtract_mean": True}])
def test_other_weights_and_settings(decoder, settings):
    network = rwkeras.toy_vgg(**{"seed": 3, **settings})
    with pytest.raises(ValueError) as info:
        check_decoder(decoder, network, "conv2_1")
    assert str(info.value) == OTHERS


def test_another_scale_of_the_same_random_numbers(decoder):
    check_decoder(decoder, rwkeras.toy_vgg(seed=3, initializer="he"), "conv2_1")
    network = rwkeras.toy_vgg(seed=3, initializer="laplace")
    with pytest.raises(ValueError) as info:
        check_decoder(decoder, network, "conv2_1")
    assert str(info.value) == OTHERS


def test_one_kernel_changed(decoder):
    network = rwkeras.toy_vgg(seed=3)
    kernel = network.get_layer("conv1_2").kernel
    for change in (lambda k: -k, lambda k: k * np.linspace(1, 2, 8), lambda k: k[::-1]):
        before = kernel.numpy()
        kernel.assign(change(before))
        with pytest.raises(ValueError) as info:
            check_decoder(decoder, network, "conv2_1")
        assert str(info.value) == OTHERS
        kernel.assign(before)
    check_decoder(decoder, network, "conv2_1")


def test_a_network_of_the_same_name_with_other_layers(decoder):
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(12, 3, padding="same", name="conv2_1")(inputs)
    with pytest.raises(ValueError) as info:
        check_decoder(decoder, keras.Model(inputs, x, name="toy_vgg"), "conv2_1")
    assert str(info.value) == OTHERS


def test_no_such_layer(toy):
    model = rwkeras.decnn(toy, "conv2_1", rwkeras.decoder(toy, "conv2_1", DecoderSettings(depth=1)))
    with pytest.raises(ValueError) as info:
        check_decoder(model, toy, "conv9_1")
    assert str(info.value) == (
        "Invalid value for argument `decoder`. Expected a decoder for 'conv9_1' of 'toy_vgg'. "
        "Received: decoder=a decoder for 'conv2_1' of 'toy_vgg'"
    )


def test_the_argument_as_the_caller_spells_it(decoder, toy):
    with pytest.raises(ValueError) as info:
        check_decoder(decoder, toy, "conv1_1", "init")
    assert str(info.value) == (
        "Invalid value for argument `init`. Expected a decoder for 'conv1_1' of 'toy_vgg'. "
        "Received: init=a decoder for 'conv2_1' of 'toy_vgg'"
    )


def test_biases_of_zero_are_not_any_biases(decoder):
    network = rwkeras.toy_vgg(seed=3)
    network.get_layer("conv1_1").bias.assign(network.get_layer("conv1_1").bias + 1)
    with pytest.raises(ValueError) as info:
        check_decoder(decoder, network, "conv2_1")
    assert str(info.value) == OTHERS


def test_the_same_network_for_images_of_one_size(decoder):
    check_decoder(decoder, rwkeras.toy_vgg((32, 32, 3), seed=3), "conv2_1")
