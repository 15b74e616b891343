"""Candidate kernels of a layer, evaluated in one batch by one network."""

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras


class _Memberwise(keras.layers.Layer):
    """Base of layers with a separate kernel for each batch element.

    Args:
        kernel_shape: Shape of all kernels, [batch, ...].
        activation: A Keras activation, or its name.
    """

    def __init__(self, kernel_shape, activation, **kwargs):
        super().__init__(**kwargs)
        self.kernel_shape = tuple(kernel_shape)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=self.kernel_shape, initializer="zeros", name="kernel", trainable=False
        )

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {
            **super().get_config(),
            "kernel_shape": self.kernel_shape,
            "activation": activation,
        }

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.kernel_shape[-1])


@keras.saving.register_keras_serializable("rwkeras")
class MemberwiseConv2D(_Memberwise):
    """Convolution with one kernel per batch element, [batch, height, width, in, out]."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the activations, [batch, height, width, out]."""
        members = [
            tf.nn.conv2d(inputs[n : n + 1], self.kernel[n], strides=1, padding="SAME")
            for n in range(self.kernel_shape[0])
        ]
        return self.activation(tf.concat(members, axis=0))


@keras.saving.register_keras_serializable("rwkeras")
class MemberwiseDense(_Memberwise):
    """Dense layer with one kernel per batch element, [batch, in, out]."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the activations, [batch, out]."""
        return self.activation(tf.linalg.matmul(inputs[:, tf.newaxis], self.kernel)[:, 0])


def candidate_network(model: keras.Model, layer: str, kernels: np.ndarray) -> keras.Model:
    """Returns a network up to a layer, with one candidate kernel per batch element in that layer.

    The layers below are shared with `model` and evaluated for all candidates in one batch, which
    saves up to half of the time.

    Args:
        model: A functional `keras.Model` with final weights below the layer.
        layer: Name of a conv or fully connected layer; its bias is ignored.
        kernels: Kernel of each candidate, [candidates, ...].

    Returns:
        A `keras.Model` of [candidates, height, width, 3] images, whose last layer is named `layer`.
    """
    replaced = model.get_layer(layer)
    kind = MemberwiseConv2D if isinstance(replaced, keras.layers.Conv2D) else MemberwiseDense
    memberwise = kind(kernels.shape, replaced.activation, name=layer, dtype="float32")
    outputs = memberwise(replaced.input)
    for n, kernel in enumerate(kernels):
        # One at a time, as kernels of fully connected layers are too large to copy all at once.
        memberwise.kernel.value[n].assign(kernel)
    return keras.Model(model.inputs[0], outputs, name=f"{model.name}_candidates")
