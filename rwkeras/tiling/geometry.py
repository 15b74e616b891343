"""Receptive fields of layers, and tilings of images that preserve activations exactly."""

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
# Radius of the blur of `PyramidReduce`, in pixels of its input.
_PYRAMID_REACH = 2


class Field(NamedTuple):
    """Receptive field of a layer along each axis, in pixels.

    Activation n depends on pixels stride n - before to stride n + after, inclusive.

    Attributes:
        stride: Distance between the fields of adjacent activations.
        before: Extent to the left and up.
        after: Extent to the right and down.
    """

    stride: int
    before: int
    after: int


class Span(NamedTuple):
    """Extent of a tile along one axis, in pixels.

    Attributes:
        start: Start of the tile including its overlap with the neighbours.
        stop: End of that, exclusive.
        inner_start: Start of the tile without overlap.
        inner_stop: End of that, exclusive.
    """

    start: int
    stop: int
    inner_start: int
    inner_stop: int


def receptive_fields(model: keras.Model, layers: Iterable[str]) -> dict[str, Field]:
    """Returns the receptive fields of layers, by name.

    Padding at the border of the image, by zeros or by mirroring, is not part of the field: tiles
    that end at the border are padded in the same way.

    Args:
        model: A functional `keras.Model` of convolutions of stride 1 with "same" padding, poolings
            without overlap, Gaussian pyramids, pointwise layers, and sums and concatenations of
            branches of equal stride, such as `vgg19` and `multiscale`.
        layers: Names of its layers.

    Raises:
        ValueError: One of the layers depends on a layer of another kind.
    """
    names = tuple(layers)
    tensors = {name: model.get_layer(name).output for name in names}
    fields = dict[int, Field]()
    for layer, inputs, outputs in calls(keras.Model(model.inputs, list(tensors.values()))):
        field = _output_field(layer, [fields[id(x)] for x in inputs], model.name)
        fields.update((id(x), field) for x in outputs)
    return {name: fields[id(output)] for name, output in tensors.items()}


def _output_field(layer: keras.layers.Layer, fields: Sequence[Field], model: str) -> Field:
    """Returns the receptive field of a layer's output, given those of its inputs."""
    if isinstance(layer, keras.layers.InputLayer):
        return Field(1, 0, 0)
    if _merges_branches(layer):
        strides, before, after = zip(*fields, strict=True)
        if len(set(strides)) > 1:
            expected = (
                f"branches with equal strides, but '{layer.name}' joins branches with different "
                "ones"
            )
            raise invalid_argument("model", expected, model)
        return Field(strides[0], max(before), max(after))
    field = _single_input_field(layer, *fields) if len(fields) == 1 else None
    if field is None:
        expected = (
            "stride-1 convolutions with padding, non-overlapping pooling and pixel-wise layers, "
            f"but '{layer.name}' is another layer"
        )
        raise invalid_argument("model", expected, model)
    return field


def _merges_branches(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer merges branches position by position."""
    if isinstance(layer, keras.layers.Concatenate):
        return layer.axis in _CHANNELS
    return isinstance(layer, keras.layers.Add)


def _single_input_field(layer: keras.layers.Layer, field: Field) -> Field | None:
    """Returns the field of the output of a one-input layer; None for an unsupported layer."""
    stride, before, after = field
    if isinstance(layer, _POINTWISE):
        return field
    if isinstance(layer, keras.layers.Conv2D) and layer.padding == "same":
        extent = layer.dilation_rate[0] * (layer.kernel_size[0] - 1)
        isotropic = len(set(layer.kernel_size)) == len(set(layer.dilation_rate)) == 1
        if isotropic and layer.strides == (1, 1) and extent % 2 == 0:
            return Field(stride, before + stride * extent // 2, after + stride * extent // 2)
    if isinstance(layer, _POOLINGS):
        size = layer.pool_size[0]
        # "same" padding shifts windows larger than 2 by an offset that depends on the image size.
        aligned = layer.padding == "valid" or size <= 2
        if aligned and set(layer.pool_size) == set(layer.strides) == {size}:
            return Field(stride * size, before, after + stride * (size - 1))
    # Not its subclass with circular padding, for which a tile lacks the opposite border.
    if type(layer) is PyramidReduce:
        extent = stride * _PYRAMID_REACH
        return Field(2 * stride, before + extent, after + extent)
    return None


def spans(side: int, tile: int, fields: Iterable[Field]) -> list[Span]:
    """Divides an axis into tiles that contain the receptive fields of their inner activations.

    Args:
        side: Length of the axis, in pixels.
        tile: Size of a tile without overlap, in pixels; rounded down to a multiple of the least
            common multiple of all strides, but at least that.
        fields: Receptive fields of all layers that will be used.

    Returns:
        The tiles in order. Each starts at a common multiple of all strides, with and without
        overlap; the last ends with the image.
    """
    check_number("tile_size", tile, integer=True, minimum=1)
    fields = list(fields)
    stride = math.lcm(*(field.stride for field in fields))
    step = max(stride, tile // stride * stride)
    before = -(-max(field.before for field in fields) // stride) * stride
    after = -(-max(field.after for field in fields) // stride) * stride
    # A remainder joins the last tile, unless it is at least half a tile and holds an activation.
    count = max(1, round(side / step))
    if side - (count - 1) * step < stride:
        count = max(1, count - 1)
    edges = [n * step for n in range(count)] + [side]
    return [
        Span(max(0, start - before), min(side, stop + after), start, stop)
        for start, stop in itertools.pairwise(edges)
    ]
