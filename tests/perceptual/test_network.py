import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.vgg import narrow_vgg19, random_kernels
from rwkeras.networks.vgg_architecture import TOY_VGG, VGG19, narrowed
from rwkeras.perceptual.network import RandomFeatures
from rwkeras.perceptual.reference import reference_images


def features_of(architecture, layers, seed=5, pooling="avg", subtract_mean=False):
    return RandomFeatures(
        architecture,
        layers,
        random_kernels("gaussian", seed),
        seed,
        pooling=pooling,
        subtract_mean=subtract_mean,
    )


def compare(features, model, images):
    """Compares features with those of a Keras model, calibrated as they are."""
    part = rwkeras.feature_extractor(model, features.layers)
    rwkeras.make_ready(model, reference_images(5), features.layers)
    for name, expected in part(images).items():
        np.testing.assert_allclose(features(images)[name], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pooling", ["avg", "max"])
@pytest.mark.parametrize("subtract_mean", [False, True])
def test_activations_are_those_of_the_calibrated_network(batch, pooling, subtract_mean):
    given = {"pooling": pooling, "subtract_mean": subtract_mean}
    features = features_of(TOY_VGG, ["conv2_2", "conv1_1", "pool3"], **given)
    assert list(features(batch)) == ["conv2_2", "conv1_1", "pool3"]
    compare(features, rwkeras.toy_vgg(seed=5, **given), batch)


def test_a_narrow_vgg19_to_its_end(square):
    features = features_of(narrowed(VGG19, 0.05), ["conv5_4", "pool5"])
    compare(features, narrow_vgg19(seed=5, width=0.05), square[np.newaxis])
    assert features.smallest_side == 32


def test_sizes_that_the_poolings_do_not_divide(image):
    odd = image[np.newaxis, :13, :11]
    features = features_of(TOY_VGG, ["pool3"])
    assert features(odd)["pool3"].shape == (1, 1, 1, 16)
    compare(features, rwkeras.toy_vgg(seed=5), odd)


def test_nothing_is_made_behind_the_deepest_layer():
    features = features_of(TOY_VGG, ["conv1_2"])
    assert features.smallest_side == 1
    assert [name for name, _ in features._chain] == ["conv1_1", "conv1_2"]


def test_it_computes_in_the_dtype_of_the_images(batch):
    features = features_of(TOY_VGG, ["conv3_1"])
    expected = features(batch)["conv3_1"].numpy()
    for dtype, tolerance in (("float64", 1e-5), ("float16", 0.01), ("bfloat16", 0.1)):
        found = features(tf.cast(batch, dtype))["conv3_1"]
        assert found.dtype == dtype
        np.testing.assert_allclose(tf.cast(found, tf.float32), expected, atol=tolerance)


def test_no_variables_are_made(batch):
    def refuse(creator, **arguments):
        raise AssertionError("A variable was made.")

    with tf.variable_creator_scope(refuse):
        features = features_of(TOY_VGG, ["conv3_1"])
        tf.function(features)(batch)
