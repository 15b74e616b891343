"""Textures without a border: what `tileable=True` makes of a network, a size and a start."""

import weakref
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.circular import with_circular_padding
from rwkeras.networks.features import feature_extractor
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.tasks.scales import resized
from rwkeras.validation import invalid_argument

# The circular network of a model up to some layers; it goes when the model goes.
_CIRCULAR: weakref.WeakKeyDictionary[Any, dict[tuple[str, ...], keras.Model]] = (
    weakref.WeakKeyDictionary()
)


def circular_network(model: keras.Model, layers: tuple[str, ...]) -> keras.Model:
    """Returns the circular network of a model up to some layers, with its present weights."""
    extractor = feature_extractor(model, layers)
    known = _CIRCULAR.setdefault(model, {})
    if layers not in known:
        known[layers] = with_circular_padding(extractor)
    known[layers].set_weights(extractor.get_weights())
    return known[layers]


def check_tileable(size: tuple[int, int], period: int, optimizer: OptimizerSettings) -> None:
    """Raises `ValueError` unless a texture of a height and width can be tileable."""
    if optimizer.tile_size is not None:
        expected = (
            "None with tileable=True: a tile of an evaluation does not see what lies across the "
            "image's border"
        )
        raise invalid_argument("tile_size", expected, optimizer.tile_size)
    if optimizer.parametrization == "fourier":  # "adaptive" is "pixels" for Gram matrices.
        expected = (
            "'pixels' or 'adaptive' with tileable=True: the cosines of 'fourier' are mirrored at "
            "the image's borders"
        )
        raise invalid_argument("parametrization", expected, optimizer.parametrization)
    if any(side % period for side in size):
        width, height = (max(1, round(side / period)) * period for side in reversed(size))
        expected = (
            f"a width and a height that are multiples of {period} with tileable=True, as "
            f"({width}, {height}) is, for the poolings to see the same windows each time around"
        )
        raise invalid_argument("output_size", expected, tuple(reversed(size)))


def resized_around(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Returns images of a height and width that continue on the opposite side, as `resized`."""
    height, width = size
    repeated = resized(tf.tile(images, [1, 3, 3, 1]), (3 * height, 3 * width))
    return repeated[:, height:-height, width:-width]
