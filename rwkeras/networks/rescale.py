"""Rescaling of filters to unit mean activation, as in Gatys et al. (2015).

Activations of a trained network's filters differ by orders of magnitude, so that a few filters
would dominate a Gram matrix. ReLU and pooling are positively homogeneous per channel: dividing a
filter by a number and multiplying the next layer's weights for that channel by the same number
changes only the scale of that feature map.

References:
    Gatys, Ecker and Bethge (2015), Texture synthesis using convolutional neural networks, sec. 2.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.images.collection import each_image
from rwkeras.networks.calibrate import WEIGHTED, homogeneous_chain
from rwkeras.networks.features import check_image_shape, feature_extractor
from rwkeras.validation import invalid_argument


@eager_only
def rescale_filters(model: keras.Model, images: Any) -> dict[str, np.ndarray]:
    """Rescales each filter to mean activation 1 over reference images, in place.

    With m_j the mean activation of a layer's filter j over all images and positions and m' that of
    the layer before, kernel_ij becomes kernel_ij m'_i / m_j and bias_j becomes bias_j / m_j; m' is
    1 for the image. On any image, activations are then exactly the previous ones divided by m.
    All layers are rescaled, including the last. For linear layers, m is the mean absolute
    activation.

    All means are taken of the original network, in one pass over the images. A filter that is zero
    on all images has m = 1.

    Args:
        model: A Keras model that is a chain of rectified or linear conv and dense layers, pooling
            and flattening, such as `vgg19()`.
        images: A folder of images, or an iterable of paths, Pillow images, arrays or tensors,
            uint8 in [0, 255] or float in [0, 1]. They are processed one at a time, may differ in
            size, and are weighted by their number of positions.

    Returns:
        m by layer name, float64, [filters].

    Raises:
        ValueError: The model is not such a chain, an image does not fit it, or activations are
            not finite.
    """
    layers = homogeneous_chain(model)
    for layer in layers:
        if getattr(layer, "groups", 1) != 1:
            raise invalid_argument(
                "model",
                f"a network without grouped convolutions such as '{layer.name}'",
                model.name,
            )
    means = _mean_activations(model, layers, images)
    scales = {name: np.where(mean > 0, mean, 1.0) for name, mean in means.items()}
    before = np.ones(1)
    for layer in layers:
        if not isinstance(layer, WEIGHTED):
            continue
        after = scales[layer.name]
        _rescale(layer, before, after)
        before = after
    return scales


def _mean_activations(
    model: keras.Model, layers: list[keras.layers.Layer], images: Any
) -> dict[str, np.ndarray]:
    """Returns the mean absolute activation of each filter, float64, [filters], by layer name."""
    extractor = feature_extractor(model, [layers[-1].name])
    totals = {layer.name: np.zeros(1) for layer in layers if isinstance(layer, WEIGHTED)}
    positions = dict.fromkeys(totals, 0)
    for image in each_image(images):
        check_image_shape(extractor, image.shape)
        x = image
        for layer in layers:  # One layer at a time, so that at most two activations are in memory.
            x = layer(x)
            if layer.name in totals:
                count = int(np.prod(x.shape[1:-1]))
                totals[layer.name] = totals[layer.name] + count * _channel_means(x)
                positions[layer.name] += count
    means = {name: total / positions[name] for name, total in totals.items()}
    for name, mean in means.items():
        if not np.isfinite(mean).all():
            raise invalid_argument(
                "images",
                f"images on which layer '{name}' has finite activations",
                f"a mean activation of {mean.max()}",
            )
    return means


def _channel_means(x: tf.Tensor) -> np.ndarray:
    """Returns the mean absolute value of each channel, float64, [channels].

    Rows are averaged in float32 and their means in float64: a large image has too many positions
    for float32 sums, and its activations are too large to copy to float64.
    """
    rows = tf.reduce_mean(tf.abs(x), axis=-2) if x.shape.rank == 4 else tf.abs(x)
    return np.asarray(rows, np.float64).reshape(-1, x.shape[-1]).mean(axis=0)


def _rescale(layer: keras.layers.Layer, before: np.ndarray, after: np.ndarray) -> None:
    """Multiplies a layer's weights per input channel by `before`, and divides it by `after`."""
    kernel = layer.kernel.numpy().astype(np.float64)
    # Flattened activations are channels-last: row r of a dense kernel belongs to channel r mod C.
    incoming = np.tile(before, kernel.shape[-2] // before.size)
    layer.kernel.assign((kernel * incoming[:, np.newaxis] / after).astype(np.float32))
    if layer.use_bias:
        layer.bias.assign((layer.bias.numpy() / after).astype(np.float32))
