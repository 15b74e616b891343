import keras
import numpy as np
import pytest

import rwkeras


def test_gives_the_weights_of_the_family():
    model = rwkeras.toy_vgg(initializer="he", seed=1)
    rwkeras.randomize(model, "laplace", seed=9)
    expected = rwkeras.toy_vgg(initializer="laplace", seed=9)
    for got, want in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.fixture
def any_model():
    inner_in = keras.Input((8, 8, 4))
    inner = keras.Model(inner_in, keras.layers.Conv2D(4, 3, name="conv")(inner_in), name="inner")
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.SeparableConv2D(4, 3, padding="same", name="separable")(x)
    model = keras.Model(inputs, inner(x))
    model.set_weights([weight + 0.25 for weight in model.get_weights()])
    return model


def test_any_functional_model(any_model):
    rwkeras.randomize(any_model, "gaussian", seed=2)
    norm = any_model.get_layer("norm")
    for weight, value in zip(norm.get_weights(), (1, 0, 0, 1), strict=True):
        np.testing.assert_array_equal(weight, np.full(4, value, np.float32))
    separable = any_model.get_layer("separable")
    assert not separable.bias.numpy().any()
    assert 0.005 < separable.depthwise_kernel.numpy().std() < 0.03
    outer, inner = any_model.get_layer("conv"), any_model.get_layer("inner").get_layer("conv")
    assert not np.array_equal(
        outer.get_weights()[0][..., :3, :], inner.get_weights()[0][..., :3, :]
    )


def test_errors():
    with pytest.raises(ValueError, match="Invalid value for argument `model`. Expected a built"):
        rwkeras.randomize(keras.Sequential([keras.layers.Dense(3)]))


def test_a_depthwise_kernel_has_the_fan_of_one_channel():
    inputs = keras.Input((8, 8, 400))
    layers = [
        keras.layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise"),
        keras.layers.SeparableConv2D(4, 3, name="separable"),
    ]
    model = keras.Model(inputs, [layer(inputs) for layer in layers])
    rwkeras.randomize(model, "he", seed=1)
    for layer in layers:
        np.testing.assert_allclose(np.std(layer.get_weights()[0]), (2 / 9) ** 0.5, rtol=0.05)
    np.testing.assert_allclose(np.std(layers[1].pointwise_kernel), (2 / 400) ** 0.5, rtol=0.1)
