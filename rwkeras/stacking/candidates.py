"""Candidates for one layer as one network, evaluated as members of a batch."""

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras


class _Memberwise(keras.layers.Layer):
    """A layer with a kernel for each member of the batch.

    Args:
        kernel_shape: The shape of all kernels, [batch, ...].
        activation: The name of an activation of Keras.
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
    """Convolves each member with a kernel of its own, [batch, height, width, in, out]."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the activations, [batch, height, width, out]."""
        members = [
            tf.nn.conv2d(inputs[n : n + 1], self.kernel[n], strides=1, padding="SAME")
            for n in range(self.kernel_shape[0])
        ]
        return self.activation(tf.concat(members, axis=0))


@keras.saving.register_keras_serializable("rwkeras")
class MemberwiseDense(_Memberwise):
    """Multiplies each member by a kernel of its own, [batch, in, out]."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the activations, [batch, out]."""
        return self.activation(tf.linalg.matmul(inputs[:, tf.newaxis], self.kernel)[:, 0])


def candidate_network(model: keras.Model, layer: str, kernels: np.ndarray) -> keras.Model:
    """Returns a network that ends with candidates for a layer of another.

    The layers below are the other's own: they are evaluated for all candidates in one batch, which
    takes up to half the time of one after another.

    Args:
        model: A functional `keras.Model`, whose layers below are as they are to stay.
        layer: The name of one of its conv or fully connected layers, without biases that matter.
        kernels: A kernel for each candidate, [candidates, ...].

    Returns:
        A `keras.Model` of batches of as many images, each seen by a candidate, to a layer of the
        same name.
    """
    replaced = model.get_layer(layer)
    kind = MemberwiseConv2D if isinstance(replaced, keras.layers.Conv2D) else MemberwiseDense
    memberwise = kind(kernels.shape, replaced.activation, name=layer, dtype="float32")
    outputs = memberwise(replaced.input)
    for n, kernel in enumerate(kernels):
        # One at a time: those of fully connected layers are too large to be copied at once.
        memberwise.kernel.value[n].assign(kernel)
    return keras.Model(model.inputs[0], outputs, name=f"{model.name}_candidates")
