"""Random networks for perceptual losses, by architecture name."""

import math
from collections.abc import Sequence
from typing import Protocol

import tensorflow as tf

from rwkeras.networks.initializers import RandomInitializer
from rwkeras.networks.multiscale import FILTERS
from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.networks.vgg import POOLINGS, random_kernels
from rwkeras.networks.vgg_architecture import checked_width, narrowed
from rwkeras.perceptual.multiscale import LAYERS, MultiscaleFeatures
from rwkeras.perceptual.network import RandomFeatures
from rwkeras.validation import check_choice, invalid_argument

_MULTISCALE = "multiscale"


class Features(Protocol):
    """Protocol of fixed feature extractors; see `RandomFeatures`."""

    references: tf.Tensor
    smallest_side: int

    def __call__(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the activations by layer name, in the dtype of the images."""


def checked_layer_names(
    architecture: str, *, width: float, pooling: str, subtract_mean: bool
) -> tuple[str, ...]:
    """Returns the layer names of an architecture, after checking its arguments.

    Raises:
        ValueError: There is no such architecture, or an argument is invalid or not supported by it.
    """
    check_choice("architecture", architecture, (*ARCHITECTURES, _MULTISCALE))
    checked_width(width)
    check_choice("pooling", pooling, POOLINGS)
    if not isinstance(subtract_mean, bool):
        raise invalid_argument("subtract_mean", "true or false", subtract_mean)
    if architecture != _MULTISCALE:
        return ARCHITECTURES[architecture].layers
    for name, value, default in (
        ("pooling", pooling, "avg"),
        ("subtract_mean", subtract_mean, False),
    ):
        if value != default:
            expected = f"{default!r}, the only value that '{_MULTISCALE}' supports"
            raise invalid_argument(name, expected, value)
    return LAYERS


def random_features(
    architecture: str,
    layers: Sequence[str],
    initializer: str | RandomInitializer,
    seed: int,
    *,
    width: float,
    pooling: str,
    subtract_mean: bool,
) -> Features:
    """Builds the feature extractor of an architecture; arguments must have been checked.

    Raises:
        ValueError: Activations on the reference images vanish or are not finite, or `initializer`
            or `seed` is invalid.
    """
    if architecture == _MULTISCALE:
        filters = math.ceil(width * FILTERS)
        return MultiscaleFeatures(layers, initializer, seed, filters=filters)
    return RandomFeatures(
        narrowed(ARCHITECTURES[architecture], width),
        layers,
        random_kernels(initializer, seed),
        seed,
        pooling=pooling,
        subtract_mean=subtract_mean,
    )
