"""Check that targets of losses are pixels in [0, 1]."""

import tensorflow as tf

from rwkeras.validation import invalid_argument

# Allows for overshoot of resampling, while levels in [0, 255] are far outside.
_LOW, _HIGH = -0.5, 1.5


def checked_targets(name: str, images: tf.Tensor) -> tf.Tensor:
    """Returns images; raises `ValueError` unless their values are in [-0.5, 1.5].

    In a graph, `tf.errors.InvalidArgumentError` with the same message is raised when it runs. XLA,
    which Keras uses for training by default, drops assertions: images, and so the loss, then become
    NaN.

    Args:
        name: Name of the argument in error messages.
        images: Images of any floating-point dtype.

    Raises:
        ValueError: Values are outside that range or not finite.
    """
    within = tf.reduce_all((images >= _LOW) & (images <= _HIGH))
    error = invalid_argument(name, "RGB in [0, 1]", "values far outside that range")
    if tf.executing_eagerly():
        if not bool(within):
            raise error
        return images
    with tf.control_dependencies([tf.debugging.Assert(within, [str(error)])]):
        # Times sqrt(1) or sqrt(-1), as `enable_check_numerics` would report a constant NaN.
        return images * tf.sqrt(2 * tf.cast(within, images.dtype) - 1)
