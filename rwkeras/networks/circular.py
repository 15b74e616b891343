"""Copies of networks whose convolutions pad circularly or by reflection.

The convolutions of a VGG are padded with zeros, which every border of an image has and nothing
inside it. Wrapped around there is no border: what the network sees at a position is, exactly, what
it sees in the middle of the image repeated without end, and an image made for it can be tiled.
Trained weights expect the zeros; an untrained network has no trained borders to break.
"""

import math
from typing import Any

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.networks.alexnet import GroupedConv2D, LocalResponseNormalization
from rwkeras.networks.borders import (
    CircularConv2D,
    CircularPyramidReduce,
    MirroredConv2D,
    WholePeriods,
)
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


def _window(layer: keras.layers.Layer) -> int:
    """Returns how many places along each axis a layer makes one of."""
    if isinstance(layer, PyramidReduce):
        return 2
    return layer.pool_size[0] if isinstance(layer, _POOLINGS) else 1


def _extends(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer has a counterpart that sees no zeros beyond the border."""
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return False
    if type(layer) in (keras.layers.Conv2D, GroupedConv2D):
        return layer.strides == (1, 1) and (layer.padding == "same" or layer.kernel_size == (1, 1))
    if isinstance(layer, _POOLINGS):
        return len({*layer.pool_size, *layer.strides}) == 1
    if isinstance(layer, _POINTWISE):
        return getattr(layer, "axis", -1) in _CHANNELS
    return type(layer) is PyramidReduce


def _check(model: Any) -> None:
    """Raises `ValueError` unless a model is a network whose convolutions can be extended."""
    if not isinstance(model, keras.Model) or len(getattr(model, "inputs", None) or ()) != 1:
        raise invalid_argument("model", "a functional `keras.Model` with one input", model)
    for layer in model.layers:
        if not _extends(layer):
            expected = (
                "convolutions of stride 1 that keep the size, poolings that do not overlap, and "
                "layers that work on each pixel by itself, but "
                f"'{layer.name}' is none of them"
            )
            raise invalid_argument("model", expected, model.name)


@eager_only
def with_mirrored_padding(model: keras.Model) -> keras.Model:
    """Returns a copy of a network in which every convolution mirrors its inputs at the border.

    It is for images that are to be compared with others that have no border: they are measured as
    the parts of something larger that they are, without the frame that zeros would be.

    Args:
        model: See `with_circular_padding`.

    Returns:
        A functional `keras.Model` whose layers have the same names. Its weights are copied.

    Raises:
        ValueError: The model has a layer of another kind.
    """
    _check(model)

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        convolves = isinstance(layer, keras.layers.Conv2D)
        return (MirroredConv2D if convolves else type(layer)).from_config(layer.get_config())

    copied = keras.models.clone_model(model, clone_function=copy)
    copied.set_weights(model.get_weights())
    return copied


@eager_only
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
    _check(model)
    # How many pixels of the image there are from one place of a tensor to the next.
    strides: dict[int, int] = {}

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = type(layer)
        if isinstance(layer, keras.layers.Conv2D):
            kind = CircularConv2D
        elif isinstance(layer, PyramidReduce):
            kind = CircularPyramidReduce
        return kind.from_config(layer.get_config())

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        stride = max(strides.get(id(x), 1) for x in keras.tree.flatten((args, kwargs)))
        window = _window(layer)
        if window > 1:
            whole = WholePeriods(window, stride * window, dtype=args[0].dtype)
            args = (whole(args[0]), *args[1:])
        outputs = layer(*args, **kwargs)
        strides.update((id(x), stride * window) for x in keras.tree.flatten(outputs))
        return outputs

    copied = keras.models.clone_model(model, clone_function=copy, call_function=call)
    copied.set_weights(model.get_weights())
    return copied


def circular_period(model: keras.Model) -> int:
    """Returns of what the sides of images must be multiples for a circular network, in pixels.

    Args:
        model: What `with_circular_padding` returned.
    """
    return math.lcm(*(x.period for x in model.layers if isinstance(x, WholePeriods)))
