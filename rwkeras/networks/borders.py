"""Convolutions and pyramid layers with circular or reflecting padding."""

from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.alexnet import GroupedConv2D
from rwkeras.networks.octaves import PyramidReduce
from rwkeras.validation import invalid_argument

# Pixels wrapped at each border before a pyramid's blur; even, so that the same pixels are kept.
_PYRAMID_REACH = 4


def _wrap_axis(x: tf.Tensor, before: int, after: int, axis: int) -> tf.Tensor:
    """Extends a tensor along an axis by `before` and `after` entries from the opposite end."""
    side = x.shape[axis]
    if side is None or side < max(before, after):
        side = tf.shape(x)[axis]
        return tf.gather(x, tf.range(-before, side + after) % side, axis=axis)
    parts = [x, tf.split(x, [after, side - after], axis)[0]] if after else [x]
    if before:
        parts.insert(0, tf.split(x, [side - before, before], axis)[1])
    return tf.concat(parts, axis) if len(parts) > 1 else x


def wrap(images: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> tf.Tensor:
    """Pads images periodically (circular padding).

    Args:
        images: [batch, height, width, channels].
        rows: Rows to add above and below.
        columns: Columns to add on the left and on the right.
    """
    return _wrap_axis(_wrap_axis(images, *rows, axis=1), *columns, axis=2)


def reflect(images: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> tf.Tensor:
    """Returns the result of `mirror` for images larger than the padding.

    This and its gradient are one operation each. Building the gradient of the general case takes
    as long as that of all the rest of a shallow network.
    """
    return tf.pad(images, [(0, 0), rows, columns, (0, 0)], "REFLECT")


def mirror(images: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> tf.Tensor:
    """Pads images by reflection at the outermost pixels, which are not repeated.

    The padding may be larger than the image. The arguments are those of `wrap`.
    """
    known = images.shape[1:3]
    widths = max(rows), max(columns)
    if all(side is not None and side > most for side, most in zip(known, widths, strict=True)):
        return reflect(images, rows, columns)
    for axis, (before, after) in ((1, rows), (2, columns)):
        side = tf.shape(images)[axis]
        turn = tf.maximum(2 * (side - 1), 1)  # Period of repeated reflection.
        places = tf.range(-before, side + after) % turn
        images = tf.gather(images, tf.minimum(places, turn - places) % side, axis=axis)
    return images


class PaddedConv2D(GroupedConv2D):
    """Base class of size-preserving convolutions of stride 1 that do not pad with zeros.

    The arguments are those of `keras.layers.Conv2D`. `padding` is always "valid", so that code
    which takes "same" to mean zero padding, such as the evaluation by tiles, refuses the layer.
    """

    def __init__(self, filters: int, kernel_size: int | tuple[int, int], **kwargs: Any):
        super().__init__(filters, kernel_size, **{**kwargs, "padding": "valid"})
        if self.strides != (1, 1):
            raise invalid_argument("strides", "1", self.strides)

    def pad(self, inputs: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> tf.Tensor:
        """Returns padded inputs; the arguments are those of `wrap`."""
        raise NotImplementedError

    def padding_widths(self) -> list[tuple[int, int]]:
        """Returns the padding (before, after) of rows and of columns."""
        # An odd total has the extra one after, as in TensorFlow's "SAME".
        both = [d * (k - 1) for d, k in zip(self.dilation_rate, self.kernel_size, strict=True)]
        return [(total // 2, total - total // 2) for total in both]

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the activations, [batch, height, width, filters]."""
        return super().call(self.pad(inputs, *self.padding_widths()))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Returns the shape of the activations, of the inputs' height and width."""
        return (*input_shape[:-1], self.filters)


@keras.saving.register_keras_serializable("rwkeras")
class CircularConv2D(PaddedConv2D):
    """Convolution with circular padding."""

    def pad(self, inputs: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> tf.Tensor:
        """Returns the inputs with circular padding."""
        return wrap(inputs, rows, columns)


@keras.saving.register_keras_serializable("rwkeras")
class MirroredConv2D(PaddedConv2D):
    """Convolution with reflection padding, for images of any size."""

    def pad(self, inputs: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> tf.Tensor:
        """Returns the inputs with reflection padding."""
        return mirror(inputs, rows, columns)


@keras.saving.register_keras_serializable("rwkeras")
class ReflectedConv2D(MirroredConv2D):
    """`MirroredConv2D` for inputs larger than the padding.

    It takes far fewer operations than `MirroredConv2D` in graphs of unknown image size.
    """

    def pad(self, inputs: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> tf.Tensor:
        """Returns the inputs with reflection padding."""
        return reflect(inputs, rows, columns)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Returns the shape of the activations; raises `ValueError` for too small inputs."""
        for side, (_, after) in zip(input_shape[1:3], self.padding_widths(), strict=True):
            if side is not None and side <= after:
                expected = f"sides of more than {after} pixels"
                raise invalid_argument("input_shape", expected, tuple(input_shape))
        return super().compute_output_shape(input_shape)


@keras.saving.register_keras_serializable("rwkeras")
class CircularPyramidReduce(PyramidReduce):
    """`PyramidReduce` with circular padding, for images of even height and width."""

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Returns [batch, height / 2, width / 2, channels] in the images' dtype."""
        widths = (_PYRAMID_REACH, _PYRAMID_REACH)
        cut = _PYRAMID_REACH // 2  # Outputs that belong to the padding.
        return super().call(wrap(images, widths, widths))[:, cut:-cut, cut:-cut]


@keras.saving.register_keras_serializable("rwkeras")
class WholePeriods(keras.layers.Layer):
    """Identity that refuses inputs whose height or width is not a multiple of a pooling window.

    With circular padding a partial window would span the border.

    Args:
        window: Window of the pooling or pyramid level that follows, in positions of its input.
        period: The same in pixels of the image.
    """

    def __init__(self, window: int, period: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.window, self.period = window, period

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the inputs; sizes unknown to a graph are not checked."""
        sides = inputs.shape[1:3]
        if any(side is not None and side % self.window for side in sides):
            expected = f"a height and a width that are multiples of {self.period} pixels"
            received = tuple(side * self.period // self.window for side in sides)
            raise invalid_argument("image", expected, received)
        return inputs

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Returns the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "window": self.window, "period": self.period}
