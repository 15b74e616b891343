import numpy as np
import tensorflow as tf

import rwkeras
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.precision import fast_bfloat16, lower_precision


def test_weights_and_activations_are_in_bfloat16(toy, square):
    extractor = feature_extractor(toy, ["conv1_1", "conv3_2"])
    lowered = lower_precision(extractor)
    assert {weight.dtype for weight in lowered.weights} == {"bfloat16"}
    exact, rough = extractor(square[np.newaxis]), lowered(square[np.newaxis])
    assert set(rough) == {"conv1_1", "conv3_2"}
    for name, features in rough.items():
        assert features.dtype == tf.bfloat16
        error = np.linalg.norm(tf.cast(features, tf.float32) - exact[name])
        assert 0 < error < 0.02 * np.linalg.norm(exact[name])
    assert {weight.dtype for weight in toy.weights} == {"float32"}


def test_whether_bfloat16_is_fast_is_measured_once():
    fast_bfloat16.cache_clear()
    assert fast_bfloat16() in (True, False)
    assert fast_bfloat16() is fast_bfloat16()
    assert fast_bfloat16.cache_info().misses == 1


def test_in_bfloat16_an_inversion_comes_as_far(toy, square):
    def relative_loss(precision):
        settings = rwkeras.OptimizerSettings(max_iterations=20, precision=precision)
        return rwkeras.invert(toy, square, "conv2_2", optimizer=settings).relative_loss

    assert relative_loss("bfloat16") < 2 * relative_loss("float32") + 1e-3
