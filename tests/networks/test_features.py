import keras
import numpy as np
import pytest

import rwkeras


def test_stops_at_the_deepest_layer(toy):
    extractor = rwkeras.feature_extractor(toy, ["conv1_2", "pool1"])
    assert extractor.layers[-1].name == "pool1"
    assert {name: t.shape for name, t in extractor.output.items()} == {
        "conv1_2": (None, None, None, 8),
        "pool1": (None, None, None, 8),
    }


def test_values_are_the_models_own(toy, square):
    features = rwkeras.extract(toy, ["pool3"], square[np.newaxis])
    np.testing.assert_array_equal(features["pool3"], toy(square[np.newaxis]))


def test_unknown_layer_is_named_with_a_near_miss(toy):
    with pytest.raises(ValueError) as error:
        rwkeras.feature_extractor(toy, ["conv21"])
    assert str(error.value) == (
        "Invalid value for argument `layer`. Expected a layer of 'toy_vgg': preprocess, conv1_1, "
        "conv1_2, pool1, conv2_1, conv2_2, pool2, conv3_1, conv3_2, pool3 "
        "(did you mean 'conv2_1'?). Received: layer=conv21"
    )


def test_image_that_is_too_small(toy):
    with pytest.raises(ValueError) as error:
        rwkeras.extract(toy, ["conv2_1", "conv3_1"], np.zeros((1, 3, 30, 3), np.float32))
    assert str(error.value) == (
        "Invalid value for argument `image`. Expected an image large enough for the pooling "
        "layers before conv2_1, conv3_1. Received: image=(3, 30, 3)"
    )


def test_image_of_another_shape(square):
    top = rwkeras.toy_vgg(include_top=True)
    with pytest.raises(ValueError) as error:
        rwkeras.extract(top, ["fc6"], square[np.newaxis, :16])
    assert str(error.value) == (
        "Invalid value for argument `image`. Expected an image of shape (32, 32, 3) for this "
        "network. Received: image=(16, 32, 3)"
    )


@pytest.mark.parametrize("model", ["vgg19", keras.layers.Dense(3)])
def test_not_a_model(model):
    with pytest.raises(ValueError, match=r"Expected a functional `keras.Model` with one input"):
        rwkeras.feature_extractor(model, [])
