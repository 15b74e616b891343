"""Sums over images in float32, which overflow in half precision."""

import tensorflow as tf


def at_least_float32(x: tf.Tensor) -> tf.Tensor:
    """Returns float16 and bfloat16 as float32, and anything else as it is.

    float16 ends at 65504, which the number of positions of an image of 256 x 256 exceeds already;
    bfloat16 has 8 bits, so that a sum of a few hundred terms stops growing.
    """
    return tf.cast(x, tf.float32) if x.dtype.size < 4 else x
