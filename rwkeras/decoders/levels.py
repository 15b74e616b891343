"""Resolution levels of an encoder, which its decoder mirrors."""

from typing import NamedTuple

from rwkeras.backend import keras
from rwkeras.networks.features import feature_extractor

# Image side that is large enough for the usual networks and divisible by their poolings.
_PROBE = 256


class Level(NamedTuple):
    """Layers between two changes of resolution.

    Attributes:
        factor: Downsampling factor relative to the previous level.
        maps: Maximum number of maps of its layers.
        convolutions: Number of its convolutions.
    """

    factor: int
    maps: int
    convolutions: int


class EncoderStructure(NamedTuple):
    """Resolution levels of an encoder, to be mirrored by a decoder.

    Attributes:
        levels: The levels, from the image's resolution down.
        grid: Height and width of the last maps before fully connected layers or global average
            pooling; None without such layers.
        units: Units of the fully connected layers except the last, in order.
    """

    levels: tuple[Level, ...]
    grid: tuple[int, int] | None
    units: tuple[int, ...]

    @property
    def stride(self) -> int:
        """Total downsampling factor."""
        stride = 1
        for level in self.levels:
            stride *= level.factor
        return stride


def encoder_to(model: keras.Model, layer: str) -> keras.Model:
    """Returns the part of a functional model that ends with a layer, sharing its weights.

    Raises:
        ValueError: `model` is not a functional model, or has no such layer.
    """
    extractor = feature_extractor(model, [layer])
    return keras.Model(extractor.inputs[0], extractor.output[layer], name=model.name)


def encoder_structure(encoder: keras.Model) -> EncoderStructure:
    """Returns the resolution levels of an encoder.

    Sizes with a ratio that rounds to 1 count as one level, as after convolutions without padding.

    Args:
        encoder: A functional `keras.Model` of images, [batch, height, width, 3].
    """
    layers = [x for x in encoder.layers if not isinstance(x, keras.layers.InputLayer)]
    shapes = _shapes(encoder, layers)
    sides = [shape[1] for shape in shapes if len(shape) == 4]
    # Excludes side branches that pool to one position and are merged again.
    least = sides[-1] if len(shapes[-1]) == 4 else max(min(sides), min(2, *sides))
    side = _probe(encoder)[0]
    levels = [Level(1, 0, 0)]
    grid, units = None, []
    for layer, shape in zip(layers, shapes, strict=True):
        if len(shape) == 4 and shape[1] >= least:
            grid = shape[1:3]
            ratio = max(1, round(side / shape[1]))
            if ratio > 1:
                side = shape[1]
                levels.append(Level(ratio, 0, 0))
            factor, maps, convolutions = levels[-1]
            is_convolution = isinstance(layer, keras.layers.Conv2D)
            levels[-1] = Level(factor, max(maps, shape[3]), convolutions + is_convolution)
        elif isinstance(layer, keras.layers.Dense):
            units.append(layer.units)
    deep = len(encoder.outputs[0].shape) != 4
    return EncoderStructure(_without_empty(levels), grid if deep else None, tuple(units[:-1]))


def _without_empty(levels: list[Level]) -> tuple[Level, ...]:
    """Returns levels; those without convolutions get at least half the maps of the next."""
    found = [levels[-1]]
    for level in reversed(levels[:-1]):
        if not level.convolutions:
            level = level._replace(maps=max(level.maps, found[0].maps // 2))
        found.insert(0, level)
    return tuple(found)


def _probe(encoder: keras.Model) -> tuple[int, int]:
    height, width = encoder.inputs[0].shape[1:3]
    return height or _PROBE, width or _PROBE


def _shapes(encoder: keras.Model, layers: list[keras.layers.Layer]) -> list[tuple[int, ...]]:
    """Returns the output shapes of layers for one image of the probe's size."""
    outputs = {layer.name: layer.output for layer in layers}
    whole = keras.Model(encoder.inputs[0], outputs)
    shapes = whole.compute_output_shape((1, *_probe(encoder), 3))
    return [tuple(shapes[layer.name]) for layer in layers]
