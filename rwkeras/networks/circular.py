"""Networks of images that continue on the opposite side: convolutions that pad by wrapping around.

The convolutions of a VGG are padded with zeros, which every border of an image has and nothing
inside it. Wrapped around there is no border: what the network sees at a position is, exactly, what
it sees in the middle of the image repeated without end, and an image made for it can be tiled.
Trained weights expect the zeros; an untrained network has no trained borders to break.
"""

import functools
import math
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.alexnet import GroupedConv2D, LocalResponseNormalization
from rwkeras.networks.octaves import PyramidReduce
from rwkeras.validation import invalid_argument

# What works on each position by itself, along the channels at most.
_POINTWISE = (
    keras.layers.Activation,
    keras.layers.Add,
    keras.layers.BatchNormalization,
    keras.layers.Concatenate,
    keras.layers.Dropout,
    keras.layers.Identity,
    keras.layers.InputLayer,
    keras.layers.ReLU,
    keras.layers.Rescaling,
    LocalResponseNormalization,
)
_POOLINGS = (keras.layers.AveragePooling2D, keras.layers.MaxPooling2D)
_CHANNELS = (-1, 3)
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


@keras.saving.register_keras_serializable("rwkeras")
class CircularConv2D(GroupedConv2D):
    """A convolution of stride 1 that keeps the size: where "same" pads with zeros, it wraps around.

    The arguments are those of `keras.layers.Conv2D`. Its `padding` is always "valid", which is how
    the wrapped images are convolved; what takes layers for padded with zeros by that name, as the
    evaluation by tiles does, so refuses it.
    """

    def __init__(self, filters: int, kernel_size: int | tuple[int, int], **kwargs: Any):
        super().__init__(filters, kernel_size, **{**kwargs, "padding": "valid"})
        if self.strides != (1, 1):
            raise invalid_argument("strides", "1", self.strides)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the activations, [batch, height, width, filters]."""
        # More after than before where the sum is odd, as TensorFlow's "SAME".
        both = [d * (k - 1) for d, k in zip(self.dilation_rate, self.kernel_size, strict=True)]
        rows, columns = ((total // 2, total - total // 2) for total in both)
        return super().call(wrap(inputs, rows, columns))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Returns the shape of the activations, whose height and width are the inputs'."""
        return (*input_shape[:-1], self.filters)


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


def _window(layer: keras.layers.Layer) -> int:
    """Returns how many places along each axis a layer makes one of."""
    if isinstance(layer, PyramidReduce):
        return 2
    return layer.pool_size[0] if isinstance(layer, _POOLINGS) else 1


def _wraps(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer has a circular counterpart."""
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return False
    if type(layer) in (keras.layers.Conv2D, GroupedConv2D):
        return layer.strides == (1, 1) and (layer.padding == "same" or layer.kernel_size == (1, 1))
    if isinstance(layer, _POOLINGS):
        return len({*layer.pool_size, *layer.strides}) == 1
    if isinstance(layer, _POINTWISE):
        return getattr(layer, "axis", -1) in _CHANNELS
    return type(layer) is PyramidReduce


def _copy(layer: keras.layers.Layer, model: str) -> keras.layers.Layer:
    """Returns a layer's circular counterpart, or raises `ValueError` if it has none."""
    if not _wraps(layer):
        expected = (
            "convolutions of stride 1 that keep the size, poolings that do not overlap, and layers "
            f"that work on each pixel by itself, but '{layer.name}' is none of them"
        )
        raise invalid_argument("model", expected, model)
    config = layer.get_config()
    if isinstance(layer, keras.layers.Conv2D):
        return CircularConv2D.from_config(config)
    if isinstance(layer, PyramidReduce):
        return CircularPyramidReduce.from_config(config)
    return type(layer).from_config(config)


def with_circular_padding(model: keras.Model) -> keras.Model:
    """Returns a copy of a network in which every convolution pads by wrapping around.

    On an image it gives what `model` gives in the middle of the image repeated without end, and
    what an image gives that is rolled along rows or columns is rolled as well, by multiples of the
    stride. Height and width of images must be multiples of `circular_period`: only then do
    poolings see the same windows each time around.

    Args:
        model: A functional `keras.Model` of convolutions of stride 1 that keep the size, poolings
            that do not overlap, layers that work on each pixel by itself, and the pyramid of
            `with_octaves`; `vgg19` is one.

    Returns:
        A functional `keras.Model` whose layers have the same names. Its weights are copied: what
        changes those of `model` later, as `calibrate` does, does not change them. It refuses
        images of other sizes.

    Raises:
        ValueError: The model has a layer of another kind.
    """
    if not isinstance(model, keras.Model) or len(getattr(model, "inputs", None) or ()) != 1:
        raise invalid_argument("model", "a functional `keras.Model` with one input", model)
    # How many pixels of the image there are from one place of a tensor to the next.
    strides: dict[int, int] = {}

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        stride = max(strides.get(id(x), 1) for x in keras.tree.flatten((args, kwargs)))
        window = _window(layer)
        if window > 1:
            args = (WholePeriods(window, stride * window)(args[0]), *args[1:])
        outputs = layer(*args, **kwargs)
        strides.update((id(x), stride * window) for x in keras.tree.flatten(outputs))
        return outputs

    copy = functools.partial(_copy, model=model.name)
    copied = keras.models.clone_model(model, clone_function=copy, call_function=call)
    copied.set_weights(model.get_weights())
    return copied


def circular_period(model: keras.Model) -> int:
    """Returns of what the sides of images must be multiples for a circular network, in pixels.

    Args:
        model: What `with_circular_padding` returned.
    """
    return math.lcm(*(x.period for x in model.layers if isinstance(x, WholePeriods)))
