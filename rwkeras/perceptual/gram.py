"""The Gram matrix as a Keras layer."""

from collections.abc import Sequence

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.objectives.losses import gram_matrix
from rwkeras.perceptual.precision import at_least_float32
from rwkeras.validation import invalid_argument


@keras.saving.register_keras_serializable("rwkeras")
class GramMatrix(keras.layers.Layer):
    """The Gram matrix of feature maps, G_ij = sum_k F_ik F_jk / M, as a Keras layer.

    F_ik is map i at position k, and M the number of positions; see `gram_matrix`. Without the
    division it is the matrix of Gatys et al. (2015) and of Eq. 6 of He, Wang and Hopcroft (2016);
    Johnson et al. (2016) also divide by the number of maps. Under half-precision policies the sums
    are computed in float32.

    The arguments are those of any Keras layer: `name`, `dtype`, ...

    Raises:
        ValueError: The inputs are not [batch, ..., maps], or their number of maps is unknown.
    """

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Checks that inputs have positions and a known number of maps."""
        shape = tuple(input_shape)
        if len(shape) < 3 or shape[-1] is None:
            expected = "feature maps, [batch, height, width, maps], with a known number of maps"
            raise invalid_argument("inputs", expected, shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the matrices.

        Args:
            inputs: [batch, ..., maps], with one or more axes of positions.

        Returns:
            [batch, maps, maps], in the layer's compute dtype.
        """
        return tf.cast(gram_matrix(at_least_float32(inputs)), self.compute_dtype)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """Returns (batch, maps, maps)."""
        return input_shape[0], input_shape[-1], input_shape[-1]
