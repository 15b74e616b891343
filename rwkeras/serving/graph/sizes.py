"""Image sizes that are unknown until a graph runs."""

from collections.abc import Sequence

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.borders import MirroredConv2D, ReflectedConv2D
from rwkeras.networks.features import check_image_shape, feature_extractor
from rwkeras.validation import invalid_argument


def fitted(sides: tf.Tensor, max_side: int) -> tf.Tensor:
    """Returns the sides of images after scaling them down to a maximum side.

    Args:
        sides: Heights and widths in pixels, an integer dtype, [..., 2].
        max_side: In pixels.

    Returns:
        int32 of the same shape, at least 1; unchanged for images that are small enough.
    """
    sides = tf.cast(sides, tf.float64)
    scale = tf.minimum(
        tf.constant(1.0, tf.float64), max_side / tf.reduce_max(sides, axis=-1, keepdims=True)
    )
    return tf.cast(tf.maximum(tf.round(scale * sides), 1), tf.int32)


def fit(image: tf.Tensor, max_side: int) -> tf.Tensor:
    """Scales an image down to a maximum longer side, preserving its aspect ratio.

    Args:
        image: float32 RGB in [0, 1], [height, width, 3].
        max_side: In pixels.

    Returns:
        The image; if too large, resampled with a Lanczos filter and clipped to [0, 1].
    """
    sides = tf.shape(image)[:2]

    def smaller():
        resized = tf.image.resize(image, fitted(sides, max_side), "lanczos3", antialias=True)
        return tf.clip_by_value(resized, 0, 1)

    image = tf.cond(tf.reduce_max(sides) > max_side, smaller, lambda: image)
    return tf.ensure_shape(image, [None, None, 3])


def reflecting(model: keras.Model) -> keras.Model:
    """Returns a copy of a network whose mirrored borders are one operation for any image size.

    The copy computes the same, but refuses images smaller than the mirrored borders.

    Args:
        model: A functional `keras.Model`.
    """

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.Model):
            return reflecting(layer)
        kind = ReflectedConv2D if type(layer) is MirroredConv2D else type(layer)
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=copied)
    copy.set_weights(model.get_weights())
    return copy


def smallest_side(model: keras.Model, layers: Sequence[str]) -> int:
    """Returns the minimum side, in pixels, of images that reach all of the given layers.

    Args:
        model: A functional `keras.Model` of images.
        layers: Names of its layers; empty for its output.

    Raises:
        ValueError: The network takes images of one size only.
    """
    if layers:
        extractor = feature_extractor(model, layers)
    else:
        extractor = keras.Model(model.inputs[0], {"output": model.outputs[0]})
    shape = extractor.inputs[0].shape
    if None not in shape[1:3]:
        raise invalid_argument("network", "a network that accepts images of any size", tuple(shape))
    side = 1
    while True:
        try:
            check_image_shape(extractor, (1, side, side, 3))
        except ValueError:
            side += 1
        else:
            return side
