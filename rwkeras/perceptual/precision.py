"""Casting to float32 for sums over images, which overflow in half precision."""

import tensorflow as tf


def at_least_float32(x: tf.Tensor) -> tf.Tensor:
    """Casts float16 and bfloat16 to float32; other dtypes are unchanged.

    The maximum of float16, 65504, is less than the number of pixels of a 256 x 256 image. bfloat16
    has 8 significant bits, so that sums stop growing after a few hundred terms.
    """
    return tf.cast(x, tf.float32) if x.dtype.size < 4 else x
