"""Cancellation points between the layers of a network, for deadlines.

TensorFlow's runtime checks for cancellation at each iteration of a loop and nowhere else: not
between the layers of a network, each of which takes seconds on a large image.
"""

from typing import Any

import tensorflow as tf

from rwkeras.backend import keras


# One function for all places, so that a graph holds it once. Not inlined, as the time for
# optimising a graph before its first run grows with its size.
@tf.function(
    input_signature=[tf.TensorSpec(None)],
    autograph=False,
    experimental_attributes={"_noinline": True},
)
def _handed_on(x: tf.Tensor) -> tf.Tensor:
    """Returns a tensor passed through a loop of one iteration."""
    with tf.control_dependencies([x]):
        # Not a constant, with which the loop would be optimised away.
        start = tf.raw_ops.PlaceholderWithDefault(input=0, shape=[])
    # The tensor passes through the loop: a mere control dependency would be optimised away.
    return tf.while_loop(lambda n, _: n < 1, lambda n, x: (n + 1, x), (start, x))[1]


def _check_cancellation(x: tf.Tensor) -> tf.Tensor:
    """Returns a tensor after the runtime has checked for cancellation."""
    passed_on = _handed_on(x)
    passed_on.set_shape(x.shape)
    return passed_on


@tf.custom_gradient
def _interruptible(x: tf.Tensor) -> Any:
    return _check_cancellation(x), _check_cancellation


class Interruptible(keras.layers.Layer):
    """Identity, also of gradients, that stops if the run is cancelled."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the inputs."""
        return _interruptible(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the inputs' shape."""
        return input_shape


def interruptible(model: keras.Model) -> keras.Model:
    """Returns a copy of a functional model with a cancellation point after each layer with weights.

    These layers take most of the time, and each cancellation point enlarges the graph.

    Args:
        model: The model. Its layers keep their names; nested models are included.
    """

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.Model):
            return interruptible(layer)
        return type(layer).from_config(layer.get_config())

    def called(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        outputs = layer(*args, **kwargs)
        # Operations such as `1 - x` are nodes of a Keras model too, but have no `weights`.
        weighs = getattr(layer, "weights", None) and not isinstance(layer, keras.Model)
        if weighs and isinstance(outputs, keras.KerasTensor):
            return Interruptible(dtype=outputs.dtype)(outputs)
        return outputs

    copy = keras.models.clone_model(model, clone_function=copied, call_function=called)
    copy.set_weights(model.get_weights())
    return copy
