"""Checks that targets of losses are pixels in [0, 1]."""

import tensorflow as tf

from rwkeras.validation import invalid_argument

# What resampling adds beyond black and white is less; levels of 0 to 255 are far from it.
_LOW, _HIGH = -0.5, 1.5


def checked_targets(name: str, images: tf.Tensor) -> tf.Tensor:
    """Returns images, or raises unless they are RGB in [0, 1], give or take half of that.

    In a graph they are asked each time that it runs, and `tf.errors.InvalidArgumentError` has the
    same words. XLA, by which Keras trains unless told otherwise, leaves assertions out: there they
    become NaN, and with them the loss.

    Args:
        name: The argument, as the caller spells it.
        images: Of any floating-point dtype.

    Raises:
        ValueError: They are levels of another range, or not finite.
    """
    within = tf.reduce_all((images >= _LOW) & (images <= _HIGH))
    error = invalid_argument(name, "RGB in [0, 1]", "values far from it")
    if tf.executing_eagerly():
        if not bool(within):
            raise error
        return images
    with tf.control_dependencies([tf.debugging.Assert(within, [str(error)])]):
        # Times the root of 1, or of -1: a constant NaN would be found by `enable_check_numerics`.
        return images * tf.sqrt(2 * tf.cast(within, images.dtype) - 1)
