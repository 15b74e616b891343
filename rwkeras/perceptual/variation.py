"""Total variation as a Keras regulariser."""

from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.objectives.losses import total_variation
from rwkeras.perceptual.precision import at_least_float32
from rwkeras.validation import checked_number, invalid_argument


@keras.saving.register_keras_serializable("rwkeras")
class TotalVariation(keras.regularizers.Regularizer):
    """Total variation, factor * R of Eq. 9 of He, Wang and Hopcroft (2016), as a regulariser.

    R is the sum of squared differences of neighbouring pixels, over all images of a batch. Most
    releases of Keras divide it by the batch size if it is the `activity_regularizer` of a layer,
    but not if it is the `regularizer` of a variable.

    Args:
        factor: Factor of the sum, at least 0. R grows with the number of pixels: for photographs in
            [0, 1] it is of the order of 0.01 per pixel.

    Raises:
        ValueError: `factor` is not a number of at least 0.
    """

    def __init__(self, factor: float = 1e-3):
        self.factor = checked_number("factor", factor)

    def __call__(self, x: Any) -> tf.Tensor:
        """Returns the penalty.

        Args:
            x: Images, a tensor or a variable, [batch, height, width, channels] or
                [height, width, channels].

        Returns:
            A scalar in the dtype of `x`, or in float32 if that is of half precision.

        Raises:
            ValueError: `x` has another rank.
        """
        images = at_least_float32(tf.convert_to_tensor(x))
        if images.shape.rank not in (3, 4):
            expected = "images, [batch, height, width, channels] or [height, width, channels]"
            raise invalid_argument("x", expected, tuple(images.shape))
        if images.shape.rank == 3:
            images = images[tf.newaxis]
        return self.factor * tf.reduce_sum(total_variation(images))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"factor": self.factor}
