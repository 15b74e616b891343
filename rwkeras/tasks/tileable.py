"""Networks with reflecting or circular padding, for borders and tileable textures."""

from collections.abc import Callable

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.cache import CACHE
from rwkeras.networks.circular import with_circular_padding, with_mirrored_padding
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.precision import weights_size
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.tasks.scales import resized
from rwkeras.validation import invalid_argument


def tileable_networks(
    model: keras.Model, layers: tuple[str, ...]
) -> tuple[keras.Model, keras.Model]:
    """Returns what measures the sources of a tileable texture, and what measures the texture.

    The texture wraps around; the sources do not, and are mirrored at their borders. With zeros
    there, as `model` has it, they would have a frame, and a texture that can have none imitates it
    inside: of pebbles of 192 pixels made from 48, nothing was left but islands on plain ground.

    Args:
        model: The network.
        layers: The layers that are asked for.

    Returns:
        Two networks up to these layers, with the model's present weights, the same at each call.
    """
    return mirrored_network(model, layers), _bordered(model, layers, with_circular_padding)


def mirrored_network(model: keras.Model, layers: tuple[str, ...]) -> keras.Model:
    """Returns a network up to some layers that sees images mirrored at their borders.

    Args:
        model: The network.
        layers: The layers that are asked for.

    Returns:
        The network, with the model's present weights, the same at each call.
    """
    return _bordered(model, layers, with_mirrored_padding)


def _bordered(
    model: keras.Model,
    layers: tuple[str, ...],
    border: Callable[[keras.Model], keras.Model],
) -> keras.Model:
    extractor = feature_extractor(model, layers)
    network = CACHE.get(
        model, ("bordered", layers, border), lambda: border(extractor), weights_size
    )
    network.set_weights(extractor.get_weights())
    return network


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
