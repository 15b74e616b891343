"""Which pixels an activation sees, and how an image is divided so that tiles give the same."""

import itertools
from collections.abc import Iterable
from typing import NamedTuple

from rwkeras.backend import keras
from rwkeras.validation import check_number, invalid_argument

_POINTWISE = (
    keras.layers.Activation,
    keras.layers.Dropout,
    keras.layers.ReLU,
    keras.layers.Rescaling,
)
_POOLINGS = (keras.layers.AveragePooling2D, keras.layers.MaxPooling2D)


class Field(NamedTuple):
    """The pixels that activations of a layer see, along each axis.

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

    Args:
        model: A chain of convolutions of stride 1 that keep the size, of poolings whose windows do
            not overlap, and of layers that work on each pixel by itself; `vgg19` is one.
        layers: Names of its layers.

    Raises:
        ValueError: The model is no such chain before the last of the layers.
    """
    wanted, found = set(layers), dict[str, Field]()
    field, previous = Field(1, 0, 0), model.inputs[0]
    for layer in model.layers:
        if wanted <= set(found):
            break
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if layer.input is not previous:
            expected = f"a chain, but '{layer.name}' does not follow the layer before it"
            raise invalid_argument("model", expected, model.name)
        field = found[layer.name] = _behind(layer, field, model.name)
        previous = layer.output
    return {name: found[name] for name in layers}


def _behind(layer: keras.layers.Layer, field: Field, model: str) -> Field:
    """Returns the field behind a layer, of that before it."""
    stride, before, after = field
    if isinstance(layer, _POINTWISE):
        return field
    if isinstance(layer, keras.layers.Conv2D) and layer.padding == "same":
        reach = layer.dilation_rate[0] * (layer.kernel_size[0] - 1)
        alike = len(set(layer.kernel_size)) == len(set(layer.dilation_rate)) == 1
        if alike and layer.strides == (1, 1) and reach % 2 == 0:
            return Field(stride, before + stride * reach // 2, after + stride * reach // 2)
    if isinstance(layer, _POOLINGS) and layer.padding == "valid":
        size = layer.pool_size[0]
        if set(layer.pool_size) == set(layer.strides) == {size}:
            return Field(stride * size, before, after + stride * (size - 1))
    expected = (
        "convolutions of stride 1 that keep the size, poolings that do not overlap, and layers "
        f"that work on each pixel by itself, but '{layer.name}' is none of them"
    )
    raise invalid_argument("model", expected, model)


def spans(side: int, tile: int, fields: Iterable[Field]) -> list[Span]:
    """Divides an axis so that each tile sees all that its own activations see.

    Args:
        side: How long the image is, in pixels.
        tile: How much of it a tile accounts for, in pixels; it is rounded down to a multiple of the
            largest stride, to at least that.
        fields: The receptive fields of all layers that are asked for.

    Returns:
        The tiles in order. What each accounts for begins at a multiple of the largest stride, and
        so does the tile; the last ends with the image.
    """
    check_number("tile_size", tile, integer=True, minimum=1)
    fields = list(fields)
    stride = max(field.stride for field in fields)
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
