import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
import rwkeras.objectives.balance

LAYER = "conv2_1"
SIZES = {
    "mean_absolute": lambda g: np.mean(np.abs(g), axis=(1, 2, 3)),
    "literal": lambda g: np.abs(np.mean(g, axis=(1, 2, 3))),
    "rms": lambda g: np.sqrt(np.mean(g**2, axis=(1, 2, 3))),
}


def injected_gradient(model, images, kind):
    """The distance to nothing, written out and injected at the layer."""
    extractor = rwkeras.feature_extractor(model, [LAYER])
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        features = extractor(images)[LAYER]
    f = features.numpy().reshape(features.shape[0], -1, features.shape[-1]).astype(np.float64)
    positions, maps = f.shape[1:]
    if kind == "content":
        upstream = f / (maps * positions)
    else:
        upstream = f @ (np.swapaxes(f, 1, 2) @ f) / (maps * positions) ** 2
    upstream = tf.constant(upstream.reshape(features.shape), tf.float32)
    return tape.gradient(features, images, upstream).numpy()


@pytest.mark.parametrize("kind", ["content", "texture"])
@pytest.mark.parametrize("weighting", SIZES)
def test_weight_is_the_reciprocal_of_the_injected_gradient(toy, batch, kind, weighting):
    features = rwkeras.extract(toy, [LAYER], batch)[LAYER]
    term = rwkeras.content_term if kind == "content" else rwkeras.texture_term
    objective = rwkeras.balance(toy, 3 * term(LAYER, features), batch, weighting)
    expected = 3 / SIZES[weighting](injected_gradient(toy, batch, kind))
    np.testing.assert_allclose(objective.terms[0].weight, expected, rtol=1e-3)


def test_balanced_layers_pull_alike_whatever_their_scale(batch):
    layers = ["conv1_1", "conv3_1"]
    toy = rwkeras.toy_vgg(seed=3)
    toy.get_layer("conv3_1").kernel.assign(toy.get_layer("conv3_1").kernel / 1000)
    features = rwkeras.extract(toy, layers, batch)
    objective = rwkeras.balance(
        toy,
        rwkeras.texture_term("conv1_1", features["conv1_1"])
        + rwkeras.texture_term("conv3_1", features["conv3_1"]),
        batch,
    )
    extractor = rwkeras.feature_extractor(toy, layers)
    for term in objective.terms:
        with tf.GradientTape() as tape:
            tape.watch(batch)
            loss = term._replace(target=tf.zeros_like(term.target))(extractor(batch)[term.layer])
        gradient = tape.gradient(loss, batch)
        np.testing.assert_allclose(np.mean(np.abs(gradient), axis=(1, 2, 3)), 1, rtol=1e-4)


def test_a_term_of_the_image_itself_counts_as_much_as_one_of_a_layer(toy, batch):
    # The gradient of the distance to no spectrum is x / (channels pixels).
    features = rwkeras.extract(toy, [LAYER], batch)[LAYER]
    objective = rwkeras.content_term(LAYER, features) + rwkeras.spectrum_term(batch)
    weight = rwkeras.balance(toy, objective, batch).terms[1].weight
    expected = np.prod(batch.shape[1:]) / np.mean(np.abs(batch), axis=(1, 2, 3))
    np.testing.assert_allclose(weight, expected, rtol=1e-3)


def test_a_term_without_target_and_no_weighting_are_left_alone(toy, batch):
    features = rwkeras.extract(toy, [LAYER], batch)[LAYER]
    objective = rwkeras.content_term(LAYER, features) + 0.5 * rwkeras.tv_term()
    assert rwkeras.balance(toy, objective, batch).terms[1].weight == 0.5
    assert rwkeras.balance(toy, objective, batch, "none") is objective


def test_errors(toy, batch):
    features = rwkeras.extract(toy, [LAYER], batch)[LAYER]
    objective = rwkeras.content_term(LAYER, features)
    with pytest.raises(ValueError) as error:
        rwkeras.balance(toy, objective, batch, "mean")
    assert str(error.value) == (
        "Invalid value for argument `weighting`. Expected one of 'mean_absolute', 'literal', "
        "'rms', 'none'. Received: weighting=mean"
    )
    inputs = keras.Input((None, None, 3))
    dead = keras.layers.Conv2D(
        12, 3, strides=2, padding="same", name=LAYER, kernel_initializer="zeros"
    )(inputs)
    dead = keras.Model(inputs, dead, name="dead")
    with pytest.raises(ValueError) as error:
        rwkeras.balance(dead, objective, batch)
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected a network in which the gradient of layer "
        "'conv2_1' with respect to the image is finite and non-zero (`calibrate` may help). "
        "Received: model='dead' with a gradient of magnitude [0.0, 0.0]"
    )


def test_nothing_is_traced_again(batch, monkeypatch):
    traced = []
    original = rwkeras.objectives.balance._gradient_magnitudes

    def counted(*arguments):
        traced.append(arguments)
        return original(*arguments)

    monkeypatch.setattr("rwkeras.objectives.balance._gradient_magnitudes", counted)
    model = rwkeras.toy_vgg(seed=3)
    weights = []
    for scale in (1, 2, 3):
        # A target and weights of its own each time, and of the network too.
        model.get_layer("conv1_1").kernel.assign(model.get_layer("conv1_1").kernel * scale)
        features = rwkeras.extract(model, [LAYER], batch)[LAYER]
        objective = rwkeras.balance(model, scale * rwkeras.content_term(LAYER, features), batch)
        weights.append(objective.terms[0].weight.numpy())
    assert len(traced) == 1
    # The gradient of the squared activations grows as the square of the kernel.
    np.testing.assert_allclose(weights[1], weights[0] * 2 / 2**2, rtol=1e-5)
    np.testing.assert_allclose(weights[2], weights[0] * 3 / 6**2, rtol=1e-5)
