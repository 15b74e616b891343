import keras
import numpy as np
import pytest

import rwkeras
from rwkeras.networks.batch_normalization import adapt_batch_normalization


def build(frozen=False):
    inner_in = keras.Input((None, None, 6))
    x = keras.layers.Conv2D(5, 1, activation="relu", name="conv")(inner_in)
    inner = keras.Model(inner_in, keras.layers.BatchNormalization(name="norm")(x), name="inner")
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(6, 3, strides=2, name="first")(inputs)
    x = keras.layers.BatchNormalization(name="norm1", trainable=not frozen)(x)
    x = keras.layers.Dropout(0.5, name="dropout")(x)
    model = keras.Model(inputs, inner(x), name="normalized")
    rwkeras.randomize(model, "he", seed=4)
    return model


def norms(model):
    return model.get_layer("norm1"), model.get_layer("inner").get_layer("norm")


def test_outputs_have_mean_zero_and_variance_one(batch):
    model = build()
    adapt_batch_normalization(model, batch)
    before, after = (
        keras.Model(model.inputs, model.get_layer(name).output)(batch)
        for name in ("first", "norm1")
    )
    variance = np.var(before, axis=(0, 1, 2), dtype=np.float64)
    np.testing.assert_allclose(np.mean(after, axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(np.var(after, axis=(0, 1, 2)), variance / (variance + 1e-3), 1e-4)
    np.testing.assert_allclose(np.mean(model(batch), axis=(0, 1, 2)), 0, atol=1e-5)


@pytest.mark.parametrize("frozen", [False, True])
def test_equals_keras_training_pass_with_zero_momentum(frozen, batch):
    model, reference = build(frozen), build()
    reference.get_layer("dropout").rate = 0.0
    for layer in norms(reference):
        layer.momentum = 0.0
    expected = reference(batch, training=True)
    adapt_batch_normalization(model, batch)
    np.testing.assert_allclose(model(batch), expected, rtol=1e-4, atol=1e-5)
    for got, want in zip(norms(model), norms(reference), strict=True):
        np.testing.assert_allclose(got.moving_mean, want.moving_mean, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(got.moving_variance, want.moving_variance, rtol=1e-4)
    assert model.get_layer("dropout").rate == 0.5
    assert model.get_layer("norm1").momentum == 0.99
    assert model.get_layer("norm1").trainable is not frozen


def test_a_network_without_it_stays_as_it_is(square):
    model = rwkeras.toy_vgg(seed=1)
    before = model.get_weights()
    adapt_batch_normalization(model, square)
    for got, want in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(got, want)


def test_of_the_layers_that_an_extractor_reaches(batch):
    model = build()
    adapt_batch_normalization(rwkeras.feature_extractor(model, ["first", "norm1"]), batch)
    reached, beyond = norms(model)
    assert reached.moving_mean.numpy().any()
    assert not beyond.moving_mean.numpy().any()


def test_errors(batch):
    with pytest.raises(ValueError) as error:
        adapt_batch_normalization(rwkeras.toy_vgg(), batch[:, :6])
    assert str(error.value) == (
        "Invalid value for argument `images`. Expected an image large enough for the pooling "
        "layers before pool3. Received: images=(6, 20, 3)"
    )
    with pytest.raises(ValueError, match=r"Expected a functional `keras.Model` with one input"):
        adapt_batch_normalization("resnet50", batch)
    model = build()
    model.get_layer("first").bias.assign(np.full(6, np.nan))
    with pytest.raises(ValueError) as error:
        adapt_batch_normalization(model, batch)
    assert str(error.value) == (
        "Invalid value for argument `images`. Expected images with finite activations. "
        "Received: images=NaN or infinity"
    )
