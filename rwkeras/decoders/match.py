"""Checks that a decoder belongs to a network and a layer."""

import numpy as np

from rwkeras.backend import keras
from rwkeras.decoders.decnn import encoder_and_decoder
from rwkeras.decoders.levels import encoder_to
from rwkeras.validation import invalid_argument

# Minimum cosine between kernels that are equal up to scale and rounding.
_MIN_COSINE = 1 - 1e-5
# Entries of a layer's config with no effect on a frozen layer of given weights.
_IRRELEVANT = {"name", "dtype", "trainable", "kernel_initializer", "bias_initializer", "rate"}


def check_decoder(
    decoder: keras.Model, model: keras.Model, layer: str, name: str = "decoder"
) -> None:
    """Raises `ValueError` unless a decoder was trained for a layer of a network.

    Each weight array may differ by a positive factor, as after calibration on other images.

    Args:
        decoder: A network made by `load_decoder`.
        model: The network.
        layer: Name of the layer.
        name: Name of the argument, for error messages.
    """
    encoder, _ = encoder_and_decoder(decoder)
    trained_on = encoder.output_names[0]
    if (encoder.name, trained_on) != (model.name, layer):
        expected = f"a decoder for '{layer}' of '{model.name}'"
        raise invalid_argument(name, expected, f"a decoder for '{trained_on}' of '{encoder.name}'")
    if not _same_network(encoder, encoder_to(model, layer)):
        expected = f"a decoder for this '{model.name}'"
        raise invalid_argument(name, expected, "a decoder for other weights or settings")


def _same_network(first: keras.Model, second: keras.Model) -> bool:
    """Returns whether two networks are equal up to a positive factor of each weight array."""
    layer_configs = [
        [
            (type(layer), {k: v for k, v in layer.get_config().items() if k not in _IRRELEVANT})
            for layer in network.layers
            if not isinstance(layer, keras.layers.InputLayer)
        ]
        for network in (first, second)
    ]
    weights = [network.get_weights() for network in (first, second)]
    if layer_configs[0] != layer_configs[1] or [w.shape for w in weights[0]] != [
        w.shape for w in weights[1]
    ]:
        return False
    return all(_parallel(*pair) for pair in zip(*weights, strict=True))


def _parallel(first: np.ndarray, second: np.ndarray) -> bool:
    a, b = (w.astype(np.float64).ravel() for w in (first, second))
    sizes = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if 0 in sizes:
        return sizes[0] == sizes[1]
    return float(a @ b) >= _MIN_COSINE * sizes[0] * sizes[1]
