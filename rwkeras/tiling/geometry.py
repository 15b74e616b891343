"""Receptive fields, and tilings of an image that reproduce its activations exactly."""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rwkeras.backend import keras
from rwkeras.networks.graph import calls
from rwkeras.networks.octaves import PyramidReduce
from rwkeras.validation import check_number, invalid_argument

_POINTWISE = (
    keras.layers.Activation,
    keras.layers.Dropout,
    keras.layers.Identity,
    keras.layers.ReLU,
    keras.layers.Rescaling,
)
_POOLINGS = (keras.layers.AveragePooling2D, keras.layers.MaxPooling2D)
_CHANNELS = (-1, 3)
# How far the blur of a pyramid sees to each side of every other pixel.
_PYRAMID_REACH = 2


class Field(NamedTuple):
    """Receptive field of a layer along each axis.

    The activation at place n sees those from stride n - before to stride n + after, both included.

    Attributes:
        stride: From one activation's pixels to the next one's.
        before: How far it sees to the left and up.
        after: How far it sees to the right and down.
    """

    stride: int
    before: int
    after: int


class Span(NamedTuple):
    """A tile along one axis, in pixels.

    Attributes:
        start: Where it begins with what it needs of its neighbours.
        stop: Where that ends.
        inner_start: Where what it accounts for begins.
        inner_stop: Where that ends.
    """

    start: int
    stop: int
    inner_start: int
    inner_stop: int


def receptive_fields(model: keras.Model, layers: Iterable[str]) -> dict[str, Field]:
    """Returns the receptive fields of layers.

    Beyond the border of the image a layer sees zeros or the image mirrored; a tile that ends there
    does so too.

    Args:
        model: A functional `keras.Model` of convolutions of stride 1 that keep the size, poolings
            whose windows do not overlap, Gaussian pyramids, layers that work on each pixel by
            itself, and sums and concatenations of branches of one stride; `vgg19` is one, and
            `multiscale` another.
        layers: Names of its layers.

    Raises:
        ValueError: The model has a layer of another kind before one of the layers.
    """
    names = tuple(layers)
    wanted = {name: model.get_layer(name).output for name in names}
    fields = dict[int, Field]()
    for layer, inputs, outputs in calls(keras.Model(model.inputs, list(wanted.values()))):
        behind = _behind(layer, [fields[id(x)] for x in inputs], model.name)
        fields.update((id(x), behind) for x in outputs)
    return {name: fields[id(output)] for name, output in wanted.items()}


def _behind(layer: keras.layers.Layer, fields: Sequence[Field], model: str) -> Field:
    """Returns the field behind a layer, of those before it."""
    if isinstance(layer, keras.layers.InputLayer):
        return Field(1, 0, 0)
    if _joins(layer):
        strides, before, after = zip(*fields, strict=True)
        if len(set(strides)) > 1:
            expected = f"branches of one stride, but '{layer.name}' joins others"
            raise invalid_argument("model", expected, model)
        return Field(strides[0], max(before), max(after))
    field = _behind_one(layer, *fields) if len(fields) == 1 else None
    if field is None:
        expected = (
            "convolutions of stride 1 that keep the size, poolings that do not overlap, and layers "
            f"that work on each pixel by itself, but '{layer.name}' is none of them"
        )
        raise invalid_argument("model", expected, model)
    return field


def _joins(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer makes one of several branches, each place of its own ones."""
    if isinstance(layer, keras.layers.Concatenate):
        return layer.axis in _CHANNELS
    return isinstance(layer, keras.layers.Add)


def _behind_one(layer: keras.layers.Layer, field: Field) -> Field | None:
    """Returns the field behind a layer of one input; None of a layer of another kind."""
    stride, before, after = field
    if isinstance(layer, _POINTWISE):
        return field
    if isinstance(layer, keras.layers.Conv2D) and layer.padding == "same":
        reach = layer.dilation_rate[0] * (layer.kernel_size[0] - 1)
        alike = len(set(layer.kernel_size)) == len(set(layer.dilation_rate)) == 1
        if alike and layer.strides == (1, 1) and reach % 2 == 0:
            return Field(stride, before + stride * reach // 2, after + stride * reach // 2)
    if isinstance(layer, _POOLINGS):
        size = layer.pool_size[0]
        # With padding, a larger window begins beyond the image's border, where it is as it falls.
        aligned = layer.padding == "valid" or size <= 2
        if aligned and set(layer.pool_size) == set(layer.strides) == {size}:
            return Field(stride * size, before, after + stride * (size - 1))
    # Its subclass sees the opposite side beyond the border, which a tile does not have.
    if type(layer) is PyramidReduce:
        reach = stride * _PYRAMID_REACH
        return Field(2 * stride, before + reach, after + reach)
    return None


def spans(side: int, tile: int, fields: Iterable[Field]) -> list[Span]:
    """Divides an axis so that each tile sees all that its own activations see.

    Args:
        side: How long the image is, in pixels.
        tile: How much of it a tile accounts for, in pixels; it is rounded down to a multiple of all
            strides, to at least the least.
        fields: The receptive fields of all layers that are asked for.

    Returns:
        The tiles in order. What each accounts for begins at a multiple of all strides, and so does
        the tile; the last ends with the image.
    """
    check_number("tile_size", tile, integer=True, minimum=1)
    fields = list(fields)
    stride = math.lcm(*(field.stride for field in fields))
    step = max(stride, tile // stride * stride)
    before = -(-max(field.before for field in fields) // stride) * stride
    after = -(-max(field.after for field in fields) // stride) * stride
    # What is left over joins the last tile, unless it is most of one and holds an activation.
    count = max(1, round(side / step))
    if side - (count - 1) * step < stride:
        count = max(1, count - 1)
    edges = [n * step for n in range(count)] + [side]
    return [
        Span(max(0, start - before), min(side, stop + after), start, stop)
        for start, stop in itertools.pairwise(edges)
    ]
