"""Calibration: exact rescaling of a network's layers to unit mean activation.

With weights of standard deviation 0.015 every layer of a random VGG-19 shrinks its input, by a
factor of about a million at conv5_4; content losses fall with its square and Gram losses with its
fourth power. Rectifiers and poolings are positively homogeneous, r(c x) = c r(x) for c > 0, so
each layer can be divided by its mean activation without changing what the network represents.
"""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.images.batch import as_batch
from rwkeras.networks.features import SilentNetworkError, check_image_shape, feature_extractor
from rwkeras.validation import invalid_argument

_HOMOGENEOUS = (
    keras.layers.AveragePooling2D,
    keras.layers.Dropout,
    keras.layers.Flatten,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.MaxPooling2D,
    keras.layers.ReLU,
    keras.layers.ZeroPadding2D,
)
WEIGHTED = (keras.layers.Conv2D, keras.layers.Dense)


def _is_homogeneous(layer: keras.layers.Layer) -> bool:
    if isinstance(layer, (*WEIGHTED, keras.layers.Activation)):
        return layer.activation in (keras.activations.relu, keras.activations.linear)
    if isinstance(layer, keras.layers.ReLU):
        return layer.max_value is None and not layer.threshold
    return isinstance(layer, _HOMOGENEOUS)


def homogeneous_chain(model: keras.Model) -> list[keras.layers.Layer]:
    """Returns the layers of a positively homogeneous chain in order.

    Layers before the first one with weights may be of any kind.

    Raises:
        ValueError: `model` is not a chain, or a later layer is not positively homogeneous.
    """
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    previous = model.inputs[0]
    weighted = False
    for layer in layers:
        if layer.input is not previous:
            raise invalid_argument(
                "model",
                f"a sequential chain of layers, but '{layer.name}' does not follow the one before "
                "it",
                model.name,
            )
        weighted = weighted or isinstance(layer, WEIGHTED)
        if weighted and not _is_homogeneous(layer):
            raise invalid_argument(
                "model",
                "a network of conv and dense layers, rectified or linear, pooling and flattening, "
                f"but '{layer.name}' is another layer",
                model.name,
            )
        previous = layer.output
    return layers


def can_calibrate(model: keras.Model) -> bool:
    """Returns whether a model is a homogeneous chain with at least one layer with weights."""
    try:
        return any(isinstance(layer, WEIGHTED) for layer in homogeneous_chain(model))
    except ValueError:
        return False


def mean_activation(activations: tf.Tensor) -> float:
    """Returns the mean absolute activation of a layer, by which calibration divides it."""
    return float(tf.reduce_mean(tf.abs(activations)))


def divide_weights(layer: keras.layers.Layer, scale: float) -> None:
    """Divides a layer's weights in NumPy, whose division gives the same bits on every machine."""
    for weight in layer.weights:
        weight.assign(weight.numpy() / np.float32(scale))


@eager_only
def calibrate(model: keras.Model, images: Any, *, name: str = "images") -> dict[str, float]:
    """Rescales each layer to mean activation 1 on reference images, in place.

    A layer whose activations have mean m is divided by m: its kernel by m, its bias by the product
    of m over all layers up to it. On any image, its activations are then exactly the previous ones
    divided by that product. For a linear layer, m is the mean absolute activation. There is one
    scale per layer, as a scale per filter would change what a Gram matrix measures.

    Args:
        model: A Keras model that is a chain of rectified or linear layers, such as `vgg19()`.
        images: A path, a Pillow image, or an array or tensor, uint8 in [0, 255] or float in
            [0, 1], [height, width, 3] or a batch of these.
        name: Name of the `images` argument in error messages.

    Returns:
        The divisor m of each layer, by layer name.

    Raises:
        ValueError: The model is not such a chain, the images do not fit it, or the activations of
            a layer are all zero or not finite. The model is then unchanged.
    """
    layers = homogeneous_chain(model)
    x = as_batch(images, name).images
    check_image_shape(feature_extractor(model, [layers[-1].name]), x.shape, name)
    before = [(weight, weight.numpy()) for layer in layers for weight in layer.weights]
    try:
        return _calibrate(layers, x, name)
    except BaseException:
        # Restore on any exception: the layers must not stay partly rescaled.
        for weight, value in before:
            weight.assign(value)
        raise


def _calibrate(layers: list[keras.layers.Layer], x: tf.Tensor, name: str) -> dict[str, float]:
    """Rescales the layers of a chain on images; see `calibrate`."""
    total = 1.0
    scales: dict[str, float] = {}
    for layer in layers:
        if not isinstance(layer, WEIGHTED):
            x = layer(x)
            continue
        if layer.use_bias:
            layer.bias.assign(layer.bias / total)
        x = layer(x)
        scale = mean_activation(x)
        if not 0 < scale < math.inf:
            expected = f"images on which layer '{layer.name}' has finite, non-zero activations"
            found = f"a mean activation of {scale}"
            raise invalid_argument(name, expected, found, SilentNetworkError)
        divide_weights(layer, scale)
        x /= scale
        total *= scale
        scales[layer.name] = scale
    return scales
