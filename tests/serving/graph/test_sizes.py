import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.images.reading import fit_longer_side
from rwkeras.networks.circular import with_mirrored_padding
from rwkeras.serving.graph.sizes import fit, reflecting, smallest_side
from tests.conftest import waves


@tf.function(input_signature=[tf.TensorSpec([None, None, 3])], autograph=False)
def fitted(image):
    return fit(image, 20)


@pytest.mark.parametrize(("height", "width"), [(60, 40), (33, 90), (21, 20), (200, 3)])
def test_large_images_are_resampled_as_by_pillow(height, width):
    image = waves(height, width)
    expected = fit_longer_side(image, 20)
    assert fitted(image).shape == expected.shape
    inner = np.s_[2:-2, 2:-2] if min(expected.shape[:2]) > 4 else np.s_[2:-2]
    np.testing.assert_allclose(fitted(image)[inner], expected[inner], atol=0.01)


@pytest.mark.parametrize(("height", "width"), [(20, 20), (1, 7)])
def test_small_images_stay(height, width):
    image = waves(height, width)
    np.testing.assert_array_equal(fitted(image), image)


def test_a_thin_image_keeps_a_pixel():
    assert fitted(waves(400, 2)).shape == (20, 1, 3)


def test_the_least_side_that_reaches_a_layer(toy):
    model = rwkeras.vgg19(seed=0)
    assert smallest_side(model, ["conv1_1"]) == 1
    assert smallest_side(model, ["conv2_2", "conv5_1"]) == 16
    assert smallest_side(toy, []) == 8


def test_borders_of_unknown_sizes_are_mirrored_by_one_operation():
    model = with_mirrored_padding(rwkeras.multiscale(filters=2))
    # A network in a network, as an encoder with its decoder has, is entered.
    image = keras.Input((None, None, 3))
    nested = keras.Model(image, model(image))
    spec, images = tf.TensorSpec([1, None, None, 3]), waves(15, 7)[np.newaxis]
    for whole in (model, nested):
        found = []
        for network in (whole, reflecting(whole)):

            def gradient(images, network=network):
                maps = tf.nest.flatten(network(images))[-1]
                return tf.gradients(tf.reduce_sum(maps**2), images)

            graph = tf.function(gradient, autograph=False).get_concrete_function(spec)
            found.append((graph(tf.constant(images))[0], len(graph.graph.as_graph_def().node)))
        np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-4, atol=1e-5)
        assert found[1][1] < 0.6 * found[0][1]
    assert smallest_side(model, ["level0"]) == 1
    # Filters of 7 pixels see three beyond the border: of four at least, of the second level.
    assert smallest_side(reflecting(model), ["level0"]) == 4
    assert smallest_side(reflecting(model), ["joint"]) == 7


def test_a_network_of_one_size_is_refused():
    image = keras.Input((32, 32, 3))
    model = keras.Model(image, keras.layers.Conv2D(2, 3, name="conv")(image))
    with pytest.raises(ValueError) as error:
        smallest_side(model, ["conv"])
    assert str(error.value) == (
        "Invalid value for argument `network`. Expected a network that accepts images of any "
        "size. Received: network=(None, 32, 32, 3)"
    )
