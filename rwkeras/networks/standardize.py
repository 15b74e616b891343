"""Redrawing of random networks, and standardisation of their filters on an image.

The responses of random filters from one distribution differ by a factor of up to a hundred on an
image, so that a few filters dominate a Gram matrix. `standardize` scales each filter so that its
responses on a source have mean 0 and variance 1.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.images.batch import as_batch
from rwkeras.networks.features import SilentNetworkError, check_image_shape, feature_extractor
from rwkeras.networks.initializers import RandomInitializer
from rwkeras.validation import checked_number, invalid_argument

# Smallest standard deviation of responses to images in [0, 1] that is more than rounding; also the
# smallest relative to that of a layer's strongest filter.
_LEAST_STDDEV = 1e-6


class ConstantResponsesError(ValueError):
    """Raised for filters whose responses are constant or not finite; says what they are."""


def _weight_distribution(
    layer: keras.layers.Layer, name: str, draw: int = 0
) -> RandomInitializer | None:
    """Returns the distribution of a weight for a draw; None if it is not random."""
    initializer = getattr(layer, f"{name}_initializer", None)
    if not isinstance(initializer, RandomInitializer):
        return None
    return initializer if draw == 0 else initializer.stream(f"draw{draw}")


def _convolutions(model: keras.Model) -> Iterator[keras.layers.Conv2D]:
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            yield layer


def can_standardize(model: keras.Model) -> bool:
    """Returns whether all weights are those of convolutions with biases and random kernels."""
    convolutions = list(_convolutions(model))
    rest = [layer for layer in model.layers if layer.weights and layer not in convolutions]
    return (
        bool(convolutions)
        and not rest
        and all(layer.use_bias and _weight_distribution(layer, "kernel") for layer in convolutions)
    )


def has_random_thresholds(model: keras.Model) -> bool:
    """Returns whether a model can be standardised and all of its biases are random too."""
    return can_standardize(model) and all(
        _weight_distribution(layer, "bias") for layer in _convolutions(model)
    )


def _check_model(model: keras.Model) -> None:
    if not isinstance(model, keras.Model) or len(getattr(model, "inputs", None) or ()) != 1:
        raise invalid_argument("model", "a functional `keras.Model` with one input", model)
    if not can_standardize(model):
        expected = (
            "a network whose only weights are those of convolutions with biases and random kernels"
        )
        raise invalid_argument("model", expected, model.name)


@eager_only
def redraw(model: keras.Model, draw: int) -> None:
    """Redraws the random kernels and biases of a network's convolutions, in place.

    Args:
        model: A model of this package whose weights are all those of convolutions with biases and
            random kernels.
        draw: Index of the draw from the network's seed; 0 restores its initial weights.

    Raises:
        ValueError: `model` has other weights, or `draw` is not an integer of at least 0.
    """
    draw = checked_number("draw", draw, integer=True)
    _check_model(model)
    for layer in _convolutions(model):
        for name in ("kernel", "bias"):
            distribution, weight = _weight_distribution(layer, name, draw), getattr(layer, name)
            if distribution is not None:
                weight.assign(distribution(tuple(weight.shape), weight.dtype))


@eager_only
def standardize(model: keras.Model, images: Any, *, draw: int = 0, name: str = "images") -> None:
    """Scales filters so that their responses have mean 0 and variance 1 before bias, in place.

    With m and s the mean and the standard deviation of the responses of a filter w over all
    positions,

        w <- w / s,    b <- t - m / s,

    where t is the bias as drawn. Layers are processed in order, each on the outputs of the already
    standardised earlier ones. Repeating it changes nothing but rounding.

    Args:
        model: A model whose weights are all of convolutions with biases and random kernels, such as
            `multiscale()`.
        images: A path, a Pillow image, or an array or tensor, uint8 in [0, 255] or float in
            [0, 1], [height, width, 3] or a batch of these.
        draw: The draw that the weights come from; see `redraw`. It determines t.
        name: Name of the `images` argument in error messages.

    Raises:
        ValueError: `model` is not such a network, `draw` is not an integer of at least 0, or the
            images do not fit, or give constant or non-finite responses, as single-colour images do.
    """
    draw = checked_number("draw", draw, integer=True)
    _check_model(model)
    x = as_batch(images, name).images
    layers = list(_convolutions(model))
    check_image_shape(feature_extractor(model, [layer.name for layer in layers]), x.shape, name)
    before = [weight.numpy() for weight in model.weights]
    try:
        for layer in layers:
            _standardize_layer(model, layer, x, draw, name)
    except ValueError:
        model.set_weights(before)
        raise


def standardized(
    kernel: np.ndarray, thresholds: np.ndarray, responses: tf.Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the kernel and bias of filters whose responses are standardised; see `standardize`.

    Args:
        kernel: float32, [height, width, channels, filters].
        thresholds: t of `standardize`, float32, [filters].
        responses: Responses of the kernel without bias, float32, [batch, height, width, filters].

    Raises:
        ConstantResponsesError: The responses of all filters are constant, or some are not finite.
    """
    mean, variance = (each.numpy() for each in tf.nn.moments(responses, [0, 1, 2]))
    stddev = np.sqrt(variance)
    if not np.all(np.isfinite(stddev)) or np.max(stddev) < _LEAST_STDDEV:
        raise ConstantResponsesError(f"standard deviations of at most {np.max(stddev):.3g}")
    stddev = np.maximum(stddev, _LEAST_STDDEV * np.max(stddev))
    return kernel / stddev, thresholds - mean / stddev


def _standardize_layer(
    model: keras.Model, layer: keras.layers.Conv2D, images: tf.Tensor, draw: int, name: str
) -> None:
    inputs = keras.Function(model.inputs[0], layer.input)(images)
    # In float32, whatever the layer's dtype policy.
    kernel = tf.cast(tf.convert_to_tensor(layer.kernel), tf.float32)
    responses = layer.convolution_op(tf.cast(inputs, tf.float32), kernel)
    distribution = _weight_distribution(layer, "bias", draw)
    count = responses.shape[-1]
    threshold = np.zeros(count, np.float32) if distribution is None else distribution.draw((count,))
    try:
        kernel, bias = standardized(layer.kernel.numpy(), threshold, responses)
    except ConstantResponsesError as error:
        expected = (
            f"images on which the responses of the filters of '{layer.name}' vary from place to"
        )
        raise invalid_argument(name, f"{expected} place", str(error), SilentNetworkError) from error
    layer.kernel.assign(kernel)
    layer.bias.assign(bias)
