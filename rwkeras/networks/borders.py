"""Convolutions and pyramid layers with circular or reflecting padding."""

from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.alexnet import GroupedConv2D
from rwkeras.networks.octaves import PyramidReduce
from rwkeras.validation import invalid_argument

# What the blur of a pyramid needs beyond each border; an even number, for the same pixels to stay.
_PYRAMID_REACH = 4


def _wrap_axis(x: tf.Tensor, before: int, after: int, axis: int) -> tf.Tensor:
    """Returns a tensor with `before` and `after` more places along an axis, from the other end."""
    side = x.shape[axis]
    if side is None or side < max(before, after):
        side = tf.shape(x)[axis]
        return tf.gather(x, tf.range(-before, side + after) % side, axis=axis)
    parts = [x, tf.split(x, [after, side - after], axis)[0]] if after else [x]
    if before:
        parts.insert(0, tf.split(x, [side - before, before], axis)[1])
    return tf.concat(parts, axis) if len(parts) > 1 else x


def wrap(images: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> tf.Tensor:
    """Returns images that go on beyond their borders as they begin at the opposite ones.

    Args:
        images: [batch, height, width, channels].
        rows: How many rows more there are above and below.
        columns: How many columns more there are to the left and to the right.
    """
    return _wrap_axis(_wrap_axis(images, *rows, axis=1), *columns, axis=2)


def reflect(images: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> tf.Tensor:
    """Returns what `mirror` does of images that are larger than what is beyond their borders.

    One operation, whose gradient is one too: of the general case it takes as long to build the
    gradient as that of all the rest of a shallow network.
    """
    return tf.pad(images, [(0, 0), rows, columns, (0, 0)], "REFLECT")


def mirror(images: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> tf.Tensor:
    """Returns images that are mirrored at their outermost pixels, which are not repeated.

    The arguments are those of `wrap`.
    """
    known = images.shape[1:3]
    reach = max(rows), max(columns)
    if all(side is not None and side > most for side, most in zip(known, reach, strict=True)):
        return reflect(images, rows, columns)
    for axis, (before, after) in ((1, rows), (2, columns)):
        side = tf.shape(images)[axis]
        turn = tf.maximum(2 * (side - 1), 1)  # Mirrored at both ends, places recur after so many.
        places = tf.range(-before, side + after) % turn
        images = tf.gather(images, tf.minimum(places, turn - places) % side, axis=axis)
    return images


class ExtendedConv2D(GroupedConv2D):
    """A convolution of stride 1 that keeps the size: "valid", of inputs that were extended.

    The arguments are those of `keras.layers.Conv2D`. Its `padding` is always "valid": what takes a
    layer for padded with zeros by that name, as the evaluation by tiles does, so refuses it.
    """

    def __init__(self, filters: int, kernel_size: int | tuple[int, int], **kwargs: Any):
        super().__init__(filters, kernel_size, **{**kwargs, "padding": "valid"})
        if self.strides != (1, 1):
            raise invalid_argument("strides", "1", self.strides)

    def extended(
        self, inputs: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]
    ) -> tf.Tensor:
        """Returns the inputs with what lies beyond their borders; see `wrap`."""
        raise NotImplementedError

    def reach(self) -> list[tuple[int, int]]:
        """Returns how many rows, and columns, before and after the inputs the filters see."""
        # More after than before where the sum is odd, as TensorFlow's "SAME".
        both = [d * (k - 1) for d, k in zip(self.dilation_rate, self.kernel_size, strict=True)]
        return [(total // 2, total - total // 2) for total in both]

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the activations, [batch, height, width, filters]."""
        return super().call(self.extended(inputs, *self.reach()))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Returns the shape of the activations, whose height and width are the inputs'."""
        return (*input_shape[:-1], self.filters)


@keras.saving.register_keras_serializable("rwkeras")
class CircularConv2D(ExtendedConv2D):
    """A convolution of what continues on the opposite side."""

    def extended(
        self, inputs: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]
    ) -> tf.Tensor:
        """Returns the inputs, wrapped around."""
        return wrap(inputs, rows, columns)


@keras.saving.register_keras_serializable("rwkeras")
class MirroredConv2D(ExtendedConv2D):
    """A convolution of what is mirrored at its borders."""

    def extended(
        self, inputs: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]
    ) -> tf.Tensor:
        """Returns the inputs, mirrored."""
        return mirror(inputs, rows, columns)


@keras.saving.register_keras_serializable("rwkeras")
class ReflectedConv2D(MirroredConv2D):
    """A `MirroredConv2D` of inputs that are larger than what it sees beyond their borders.

    In a graph that does not know the size of images it is a fraction of the other's operations.
    """

    def extended(
        self, inputs: tf.Tensor, rows: tuple[int, int], columns: tuple[int, int]
    ) -> tf.Tensor:
        """Returns the inputs, mirrored."""
        return reflect(inputs, rows, columns)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Returns the shape of the activations; raises `ValueError` for inputs too small."""
        for side, (_, after) in zip(input_shape[1:3], self.reach(), strict=True):
            if side is not None and side <= after:
                expected = f"sides of more than {after} pixels"
                raise invalid_argument("input_shape", expected, tuple(input_shape))
        return super().compute_output_shape(input_shape)


@keras.saving.register_keras_serializable("rwkeras")
class CircularPyramidReduce(PyramidReduce):
    """One level of a Gaussian pyramid of images that wrap around; height and width are even."""

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Returns [batch, height / 2, width / 2, channels] in the images' dtype."""
        reach = (_PYRAMID_REACH, _PYRAMID_REACH)
        cut = _PYRAMID_REACH // 2  # This far the blur saw beyond what was wrapped.
        return super().call(wrap(images, reach, reach))[:, cut:-cut, cut:-cut]


@keras.saving.register_keras_serializable("rwkeras")
class WholePeriods(keras.layers.Layer):
    """Refuses what does not divide into whole windows: the last would reach around the border.

    Args:
        window: How many places along each axis become one.
        period: How many pixels of the image these are.
    """

    def __init__(self, window: int, period: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.window, self.period = window, period

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the inputs; of sizes that a graph does not know, it cannot say."""
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
