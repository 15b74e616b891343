"""An extractor as a part of other models."""

import keras
import numpy as np
import pytest

import rwkeras

LAYERS = ("conv1_2", "conv2_2")


def classifier(frozen):
    """Returns a model that tells images apart by the means and the Gram matrices of layers."""
    extractor = rwkeras.feature_extractor(rwkeras.toy_vgg(initializer="he", seed=2), LAYERS)
    extractor.trainable = not frozen
    images = keras.Input((None, None, 3))
    features = extractor(images)
    parts = [keras.layers.GlobalAveragePooling2D()(features["conv1_2"])]
    parts.append(keras.layers.Flatten()(rwkeras.GramMatrix()(features["conv2_2"])))
    scaled = [keras.layers.LayerNormalization()(part) for part in parts]
    x = keras.layers.Concatenate()(scaled)
    output = keras.layers.Dense(1, activation="sigmoid", kernel_initializer=rwkeras.He(seed=1))(x)
    return keras.Model(images, output), extractor


def pictures():
    """Returns smooth images and noise, and which is which."""
    random = np.random.default_rng(0)
    smooth = np.repeat(random.random((8, 4, 1, 3)), 4, axis=1) * np.ones([1, 1, 16, 1])
    noise = random.random((8, 16, 16, 3))
    return np.concatenate([smooth, noise]).astype(np.float32), np.repeat([[0.0], [1.0]], 8, axis=0)


@pytest.mark.parametrize("frozen", [pytest.param(True, marks=pytest.mark.slow), False])
def test_it_learns_as_a_part_of_a_functional_model_and_is_saved(tmp_path, frozen):
    model, extractor = classifier(frozen)
    kernels = [kernel.copy() for kernel in extractor.get_weights()]
    assert len(model.trainable_variables) == 6 + (0 if frozen else 8)
    images, labels = pictures()
    learning_rate = 0.03 if frozen else 0.003  # Of its kernels a greater one makes nothing.
    model.compile(keras.optimizers.Adam(learning_rate), "binary_crossentropy")
    history = model.fit(images, labels, batch_size=16, epochs=30, shuffle=False, verbose=0)
    losses = history.history["loss"]
    assert losses[-1] < 0.3 * losses[0]
    moved = [np.any(a != b) for a, b in zip(extractor.get_weights(), kernels, strict=True)]
    assert any(moved) != frozen

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images), model(images))
    again = loaded.get_layer(extractor.name)
    assert set(again(images)) == set(LAYERS)
    loaded.fit(images, labels, batch_size=16, verbose=0)


def test_features_are_outputs_that_can_be_trained_on(square):
    extractor = rwkeras.feature_extractor(rwkeras.toy_vgg(initializer="he", seed=2), LAYERS)
    targets = {name: np.zeros(v.shape) for name, v in extractor(square[np.newaxis]).items()}
    extractor.compile(keras.optimizers.SGD(1e-7), loss=dict.fromkeys(LAYERS, "mse"))
    history = extractor.fit(square[np.newaxis], targets, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
