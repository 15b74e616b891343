"""Networks with mirrored or circular padding, for sources and tileable textures."""

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
    """Returns the networks for the sources of a tileable texture and for the texture itself.

    The texture is padded circularly and the sources are mirrored at their borders. Zero padding, as
    in `model`, would act as a frame around the sources, which a texture without borders imitates in
    its interior: a 192-pixel texture from 48 pixels of pebbles became islands on plain ground.

    Args:
        model: The network.
        layers: Names of the layers that will be used.

    Returns:
        Two networks up to these layers with the model's current weights, cached between calls.
    """
    return mirrored_network(model, layers), _with_padding(model, layers, with_circular_padding)


def mirrored_network(model: keras.Model, layers: tuple[str, ...]) -> keras.Model:
    """Returns a network up to some layers with mirrored padding.

    Args:
        model: The network.
        layers: Names of the layers that will be used.

    Returns:
        The network with the model's current weights, cached between calls.
    """
    return _with_padding(model, layers, with_mirrored_padding)


def _with_padding(
    model: keras.Model,
    layers: tuple[str, ...],
    with_padding: Callable[[keras.Model], keras.Model],
) -> keras.Model:
    extractor = feature_extractor(model, layers)
    network = CACHE.get(
        model, ("bordered", layers, with_padding), lambda: with_padding(extractor), weights_size
    )
    network.set_weights(extractor.get_weights())
    return network


def check_tileable(size: tuple[int, int], period: int, optimizer: OptimizerSettings) -> None:
    """Raises `ValueError` unless a texture of size (height, width) can be made tileable."""
    if optimizer.tile_size is not None:
        expected = (
            "None with tileable=True, as a tile does not include pixels across the image's border"
        )
        raise invalid_argument("tile_size", expected, optimizer.tile_size)
    if optimizer.parametrization == "fourier":  # "adaptive" means "pixels" for Gram matrices.
        expected = (
            "'pixels' or 'adaptive' with tileable=True, as the cosines of 'fourier' are mirrored "
            "at the image's borders"
        )
        raise invalid_argument("parametrization", expected, optimizer.parametrization)
    if any(side % period for side in size):
        width, height = (max(1, round(side / period)) * period for side in reversed(size))
        expected = (
            f"a width and height that are multiples of {period}, the stride of the pooling, with "
            f"tileable=True, such as ({width}, {height})"
        )
        raise invalid_argument("output_size", expected, tuple(reversed(size)))


def resized_periodically(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Returns images resized to (height, width) as by `resized`, with periodic borders."""
    height, width = size
    repeated = resized(tf.tile(images, [1, 3, 3, 1]), (3 * height, 3 * width))
    return repeated[:, height:-height, width:-width]
