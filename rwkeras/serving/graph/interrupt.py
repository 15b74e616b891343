"""Cancellation points between the layers of a network, for deadlines.

TensorFlow's runtime looks whether a run is cancelled where a loop decides about its next turn and
nowhere else: not between the layers of a network, which take seconds each of a large image.
"""

from typing import Any

import tensorflow as tf

from rwkeras.backend import keras


# One function for all places, so that a graph holds it once. It is not put in place of its calls
# either: the optimisation of a graph before its first run takes as long as the graph is large.
@tf.function(
    input_signature=[tf.TensorSpec(None)],
    autograph=False,
    experimental_attributes={"_noinline": True},
)
def _handed_on(x: tf.Tensor) -> tf.Tensor:
    """Returns a tensor after a loop of one turn."""
    with tf.control_dependencies([x]):
        # Not a constant, of which the turn would be worked out beforehand.
        start = tf.raw_ops.PlaceholderWithDefault(input=0, shape=[])
    # Through the loop: what only waited for it would be found to need nothing of it.
    return tf.while_loop(lambda n, _: n < 1, lambda n, x: (n + 1, x), (start, x))[1]


def _looked(x: tf.Tensor) -> tf.Tensor:
    """Returns a tensor once the runtime has looked whether the run is cancelled."""
    handed = _handed_on(x)
    handed.set_shape(x.shape)
    return handed


@tf.custom_gradient
def _interruptible(x: tf.Tensor) -> Any:
    return _looked(x), _looked


class Interruptible(keras.layers.Layer):
    """Hands on what it is given, and its gradient, and stops where the run is cancelled."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the inputs."""
        return _interruptible(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the inputs' shape."""
        return input_shape


def interruptible(model: keras.Model) -> keras.Model:
    """Returns a copy of a functional model that can be stopped behind each layer with weights.

    These are the layers that take long: the graph grows with each place.

    Args:
        model: The model, whose layers keep their names; models in it are entered.
    """

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.Model):
            return interruptible(layer)
        return type(layer).from_config(layer.get_config())

    def called(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        outputs = layer(*args, **kwargs)
        # Operations such as `1 - x` are layers to Keras, but have none.
        weighs = getattr(layer, "weights", None) and not isinstance(layer, keras.Model)
        if weighs and isinstance(outputs, keras.KerasTensor):
            return Interruptible(dtype=outputs.dtype)(outputs)
        return outputs

    copy = keras.models.clone_model(model, clone_function=copied, call_function=called)
    copy.set_weights(model.get_weights())
    return copy
