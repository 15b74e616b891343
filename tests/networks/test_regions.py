import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.backend import keras
from rwkeras.networks.multiscale import multiscale, multiscale_layers
from rwkeras.networks.regions import region_layers, with_regions
from tests.conftest import waves


def half(height, width):
    mask = np.zeros((height, width), np.float32)
    mask[:, : width // 2] = 1
    return mask


@pytest.mark.parametrize("layer", ["conv1_2", "conv2_1", "pool2"])
def test_the_gram_matrix_is_that_of_the_region(toy, layer):
    image = waves(32, 48)[np.newaxis]
    network = with_regions(toy, [layer], {"left": half(32, 48)})
    found = rwkeras.extract(network, [layer, *region_layers([layer], "left")], image)
    whole, guided = found[layer], found[f"{layer}_left"]
    expected = rwkeras.gram_matrix(whole[:, :, : whole.shape[2] // 2])
    np.testing.assert_allclose(rwkeras.gram_matrix(guided), expected, rtol=1e-4, atol=1e-6)


def test_regions_at_each_level_of_a_pyramid():
    image, model, layers = waves(32, 48)[np.newaxis], multiscale(filters=4), multiscale_layers()
    network = with_regions(model, layers, {"left": half(32, 48)})
    names = region_layers(layers, "left")
    found = rwkeras.extract(network, [*layers, *names], image)
    for layer, name in zip(layers, names, strict=True):
        whole = found[layer]
        expected = rwkeras.gram_matrix(whole[:, :, : whole.shape[2] // 2])
        np.testing.assert_allclose(rwkeras.gram_matrix(found[name]), expected, rtol=1e-4, atol=1e-6)


def test_masks_of_any_size_and_shades(toy):
    image = waves(32, 48)[np.newaxis]
    shades = np.linspace(0.2, 1, 8 * 12, dtype=np.float32).reshape(8, 12)
    network = with_regions(toy, ["conv2_1"], {"soft": shades, "all": np.ones((1, 1))})
    found = rwkeras.extract(network, ["conv2_1", "conv2_1_soft", "conv2_1_all"], image)
    features = found["conv2_1"].numpy().astype(np.float64)[0]
    weights = np.repeat(np.repeat(shades, 2, 0), 2, 1)[..., np.newaxis].astype(np.float64)
    flat = features.reshape(-1, features.shape[-1])
    expected = (flat * weights.reshape(-1, 1)).T @ flat / weights.sum()
    gram = rwkeras.gram_matrix(found["conv2_1_soft"])[0]
    np.testing.assert_allclose(gram, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["conv2_1_all"], found["conv2_1"], rtol=1e-5)


def test_weights_are_shared_and_the_mask_is_saved(tmp_path):
    network = rwkeras.toy_vgg(seed=3)
    regions = with_regions(network, ["conv1_1"], {"left": half(8, 8)})
    image = waves(16, 16)[np.newaxis]
    before = rwkeras.extract(regions, ["conv1_1_left"], image)["conv1_1_left"].numpy()
    regions.save(tmp_path / "regions.keras")
    loaded = keras.saving.load_model(tmp_path / "regions.keras")
    np.testing.assert_array_equal(
        rwkeras.extract(loaded, ["conv1_1_left"], image)["conv1_1_left"], before
    )
    kernel = network.get_layer("conv1_1").kernel
    kernel.assign(2 * kernel)
    after = rwkeras.extract(regions, ["conv1_1_left"], image)["conv1_1_left"]
    np.testing.assert_allclose(after, 2 * before, rtol=1e-5)
    assert not regions.get_layer("conv1_1_left").trainable_weights
    assert np.all(before[:, :, 8:] == 0)


@pytest.mark.parametrize(
    ("mask", "received"),
    [
        (np.zeros((4, 4)), "float32 (4, 4)"),
        (np.full((4, 4), 2.0), "float32 (4, 4)"),
        (np.full((4, 4), np.nan), "float32 (4, 4)"),
        (np.ones((4, 4, 1)), "float32 (4, 4, 1)"),
        (np.ones((0, 4)), "float32 (0, 4)"),
    ],
)
def test_nonsense_masks(toy, mask, received):
    with pytest.raises(ValueError) as error:
        with_regions(toy, ["conv1_1"], {"left": mask})
    assert str(error.value) == (
        "Invalid value for argument `mask`. Expected float [height, width] in [0, 1], not all 0. "
        f"Received: mask={received}"
    )


def test_the_gradient_stays_in_the_region(toy):
    image = tf.constant(waves(16, 32)[np.newaxis])
    network = with_regions(toy, ["conv1_1"], {"left": half(16, 32)})
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_sum(rwkeras.extract(network, ["conv1_1_left"], image)["conv1_1_left"])
    gradient = tape.gradient(loss, image).numpy()
    assert np.abs(gradient[:, :, :16]).max() > 0
    # A filter of 3 x 3 reaches one pixel beyond.
    assert np.all(gradient[:, :, 17:] == 0)
