import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.circular import with_mirrored_padding
from rwkeras.networks.multiscale import multiscale, multiscale_layers
from rwkeras.tiling.grams import tiled_grams
from tests.conftest import waves

LAYERS = ["conv3_1", "conv1_2", "pool3"]


@pytest.mark.parametrize(("size", "tile"), [((53, 61), 16), ((61, 30), 24), ((19, 23), 64)])
def test_grams_are_those_of_the_whole(toy, size, tile):
    images = tf.constant(np.stack([waves(*size), 1 - waves(*size)]))
    grams = tiled_grams(toy, LAYERS, images, tile)
    assert list(grams) == LAYERS
    for layer, features in rwkeras.extract(toy, LAYERS, images).items():
        gram, positions = grams[layer]
        assert positions == features.shape[1] * features.shape[2]
        expected = rwkeras.gram_matrix(features).numpy()
        np.testing.assert_allclose(gram, expected, rtol=1e-5, atol=1e-6 * expected.max())


def test_positions_that_the_last_tile_lacks(toy):
    # Its 5 pixels of 53 are too few for an activation of stride 8.
    images = tf.constant(waves(53, 53)[np.newaxis])
    gram, positions = tiled_grams(toy, ["pool3"], images, 8)["pool3"]
    assert positions == 36
    expected = rwkeras.gram_matrix(rwkeras.extract(toy, ["pool3"], images)["pool3"])
    np.testing.assert_allclose(gram, expected, rtol=1e-5)


@pytest.mark.parametrize("size", [(53, 61), (48, 54)])
def test_a_pyramid(size):
    model, layers = multiscale(levels=3, filters=3), (*multiscale_layers(3), "joint")
    images = tf.constant(np.stack([waves(*size), 1 - waves(*size)]))
    grams = tiled_grams(model, layers, images, 12)
    for layer, features in rwkeras.extract(model, layers, images).items():
        gram, positions = grams[layer]
        # Of an odd number of pixels the pyramid keeps one more than half.
        assert positions == features.shape[1] * features.shape[2]
        expected = rwkeras.gram_matrix(features).numpy()
        np.testing.assert_allclose(gram, expected, rtol=1e-5, atol=1e-6 * expected.max())


def test_errors(toy):
    with pytest.raises(ValueError) as error:
        tiled_grams(toy, ["conv1_1"], tf.ones([1, 16, 16, 3]), 0)
    assert str(error.value) == (
        "Invalid value for argument `tile_size`. Expected an integer of at least 1. "
        "Received: tile_size=0"
    )
    mirrored = with_mirrored_padding(toy)
    with pytest.raises(ValueError) as error:
        tiled_grams(mirrored, ["conv1_1"], tf.ones([1, 16, 16, 3]), 8)
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected stride-1 convolutions with padding, "
        "non-overlapping pooling and pixel-wise layers, but 'conv1_1' is another layer. Received: "
        "model=toy_vgg_features"
    )
