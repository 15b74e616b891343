"""Copies of networks whose convolutions pad circularly or by reflection.

The zero padding of a VGG's convolutions changes activations near the borders of an image. With
circular padding there is no border: activations are exactly those of the image tiled infinitely,
and images synthesised with such a network can be tiled. Trained weights expect zero padding;
random weights do not.
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

# Layers that act on each position separately, at most mixing its channels.
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
    """Returns the factor by which a layer reduces height and width."""
    if isinstance(layer, PyramidReduce):
        return 2
    return layer.pool_size[0] if isinstance(layer, _POOLINGS) else 1


def _supports_padding(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer has a counterpart without zero padding, or needs none."""
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
    """Raises `ValueError` unless every layer of a model supports another padding."""
    if not isinstance(model, keras.Model) or len(getattr(model, "inputs", None) or ()) != 1:
        raise invalid_argument("model", "a functional `keras.Model` with one input", model)
    for layer in model.layers:
        if not _supports_padding(layer):
            expected = (
                "stride-1 convolutions with padding, non-overlapping pooling and pixel-wise "
                f"layers, but '{layer.name}' is another layer"
            )
            raise invalid_argument("model", expected, model.name)


@eager_only
def with_mirrored_padding(model: keras.Model) -> keras.Model:
    """Returns a copy of a network in which every convolution pads by reflection.

    Use it for images that are compared with borderless ones, such as tileable textures: it keeps
    the effect of zero padding out of their statistics.

    Args:
        model: See `with_circular_padding`.

    Returns:
        A functional `keras.Model` with the same layer names and a copy of the weights.

    Raises:
        ValueError: The model has an unsupported layer.
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
    """Returns a copy of a network in which every convolution pads circularly.

    Its activations on an image are those of `model` in the middle of the image tiled infinitely.
    Rolling the image along rows or columns by a multiple of a layer's stride rolls the activations
    likewise. Height and width of images must be multiples of `circular_period`, so that pooling
    windows do not span the border.

    Args:
        model: A functional `keras.Model` of size-preserving convolutions of stride 1,
            non-overlapping poolings, pointwise layers and the pyramid of `with_octaves`, such as
            `vgg19()`.

    Returns:
        A functional `keras.Model` with the same layer names, which refuses images of other sizes.
        Its weights are a copy: later changes to those of `model`, such as by `calibrate`, do not
        affect them.

    Raises:
        ValueError: The model has an unsupported layer.
    """
    _check(model)
    # Stride of each tensor in pixels of the image, by the tensor's id.
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
    """Returns the number of pixels of which image height and width must be multiples.

    Args:
        model: A model returned by `with_circular_padding`.
    """
    return math.lcm(*(x.period for x in model.layers if isinstance(x, WholePeriods)))
