"""Upsampling layers that Keras lacks."""

from typing import Any

import tensorflow as tf

from rwkeras.backend import keras


class _Upsampling(keras.layers.Layer):
    """Base of upsampling layers.

    Args:
        factor: Upsampling factor along each side.
    """

    def __init__(self, factor: int, **arguments: Any):
        super().__init__(**arguments)
        self.factor = factor

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("rwkeras")
class DepthToSpace(_Upsampling):
    """Sub-pixel upsampling of Shi et al. (2016): maps become factor x factor squares of pixels.

    Args:
        factor: Upsampling factor along each side.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns [batch, factor height, factor width, maps / factor^2]."""
        return tf.nn.depth_to_space(inputs, self.factor)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the output shape."""
        batch, height, width, maps = input_shape
        sides = [side and side * self.factor for side in (height, width)]
        return (batch, *sides, maps // self.factor**2)


@keras.saving.register_keras_serializable("rwkeras")
class Bilinear(_Upsampling):
    """Bilinear upsampling for static or dynamic sizes.

    Equivalent to Keras's `UpSampling2D`, which cannot be traced for maps of unknown size.

    Args:
        factor: Upsampling factor along each side.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns [batch, factor height, factor width, maps] in the inputs' dtype."""
        sides = self.factor * tf.shape(inputs)[1:3]
        grown = tf.cast(tf.image.resize(inputs, sides, "bilinear"), inputs.dtype)
        return tf.ensure_shape(grown, self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the output shape."""
        batch, height, width, maps = input_shape
        return (batch, *(side and side * self.factor for side in (height, width)), maps)
