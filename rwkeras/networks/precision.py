"""Networks in bfloat16, and whether this machine is any faster for it."""

import functools
import time

import tensorflow as tf

from rwkeras.backend import keras

# What is measured: a convolution such as those of VGG's middle, and how much faster it must be.
_SHAPE, _FILTERS = (1, 64, 64, 128), 128
_REPEATS = 5
_GAIN = 1.3


def lower_precision(model: keras.Model, dtype: str = "bfloat16") -> keras.Model:
    """Returns a copy of a functional model whose weights and activations are of a lower precision.

    Args:
        model: The model. It is not changed, nor does the copy follow its changes.
        dtype: The copy's dtype.
    """

    def copy(layer):
        return type(layer).from_config({**layer.get_config(), "dtype": dtype})

    lowered = keras.models.clone_model(model, clone_function=copy)
    lowered.set_weights(model.get_weights())
    return lowered


@functools.cache
def fast_bfloat16() -> bool:
    """Returns whether convolutions are clearly faster in bfloat16 here; measured once, in 0.1 s."""

    def seconds(dtype) -> float:
        features = tf.ones(_SHAPE, dtype)
        kernel = tf.ones((3, 3, _SHAPE[-1], _FILTERS), dtype)
        convolve = tf.function(lambda x: tf.nn.conv2d(x, kernel, 1, "SAME"), autograph=False)
        times = []
        for _ in range(1 + _REPEATS):
            started = time.perf_counter()
            tf.reduce_max(tf.cast(convolve(features), tf.float32)).numpy()
            times.append(time.perf_counter() - started)
        return min(times[1:])

    return seconds(tf.bfloat16) * _GAIN < seconds(tf.float32)
