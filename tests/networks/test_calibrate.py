import keras
import numpy as np
import pytest

import rwkeras

LAYERS = ["conv1_1", "conv2_2", "pool2", "conv3_2"]


def test_mean_activation_is_one(square):
    model = rwkeras.toy_vgg(include_top=True, seed=5)
    rwkeras.calibrate(model, square)
    names = ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "fc6", "fc7"]
    for activations in rwkeras.extract(model, names, square[np.newaxis]).values():
        np.testing.assert_allclose(np.mean(activations), 1, rtol=1e-5)
    linear = rwkeras.extract(model, ["fc8"], square[np.newaxis])["fc8"]
    np.testing.assert_allclose(np.mean(np.abs(linear)), 1, rtol=1e-5)


@pytest.mark.parametrize("biases", [False, True])
def test_rescaling_is_exact_on_another_image(biases, square):
    model = rwkeras.toy_vgg(seed=5)
    if biases:
        for layer in model.layers:
            if hasattr(layer, "bias"):
                layer.bias.assign(np.linspace(-0.1, 0.2, layer.bias.shape[0]))
    other = np.flip(square, axis=0)[np.newaxis] ** 2
    before = rwkeras.extract(model, LAYERS, other)
    scales = rwkeras.calibrate(model, square)
    after = rwkeras.extract(model, LAYERS, other)
    names = list(scales)
    for layer, stop in (("conv1_1", 1), ("conv2_2", 4), ("pool2", 4), ("conv3_2", 6)):
        total = np.prod([scales[name] for name in names[:stop]])
        np.testing.assert_allclose(
            after[layer] * total, before[layer], rtol=2e-4, atol=1e-5 * total
        )


def test_errors(square):
    inputs = keras.Input((32, 32, 3))
    branches = [keras.layers.Conv2D(2, 1, name=name)(inputs) for name in ("left", "right")]
    forked = keras.Model(inputs, keras.layers.Add()(branches), name="forked")
    with pytest.raises(ValueError) as error:
        rwkeras.calibrate(forked, square)
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected a sequential chain of layers, but 'right' "
        "does not follow the one before it. Received: model=forked"
    )
    swish = keras.Model(
        inputs, keras.layers.Conv2D(2, 1, activation="swish", name="c")(inputs), name="s"
    )
    with pytest.raises(ValueError, match="but 'c' is another layer. Received: model=s"):
        rwkeras.calibrate(swish, square)
    with pytest.raises(ValueError, match="large enough for the pooling layers before pool3"):
        rwkeras.calibrate(rwkeras.toy_vgg(), square[:7])
    with pytest.raises(ValueError) as error:
        rwkeras.calibrate(rwkeras.toy_vgg(), np.zeros_like(square))
    assert str(error.value) == (
        "Invalid value for argument `images`. Expected images on which layer 'conv1_1' has "
        "finite, non-zero activations. Received: images=a mean activation of 0.0"
    )


def test_a_layer_that_is_silent_leaves_the_model_as_it_was(square):
    model = rwkeras.toy_vgg(seed=5)
    for number, layer in enumerate(layer for layer in model.layers if hasattr(layer, "bias")):
        layer.bias.assign(np.full(layer.bias.shape, 0.1 + number))
    silent = model.get_layer("conv2_2")
    silent.kernel.assign(np.zeros(silent.kernel.shape))
    silent.bias.assign(np.zeros(silent.bias.shape))
    before = model.get_weights()
    with pytest.raises(ValueError, match="layer 'conv2_2' has finite, non-zero activations"):
        rwkeras.calibrate(model, square)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
