"""Batch normalisation during training, folded into the convolutions afterwards.

A VGG-19 from scratch learns slowly: random rectified layers make all images alike but for little,
and steps large enough to change that silence filters. With batch normalisation it learns fast, and
once trained, normalisation by fixed statistics is an affine map of each channel, which the
convolution before it takes in: kernel s and offset - mean s, with s = scale / sqrt(variance +
epsilon).

References:
    Ioffe and Szegedy (2015), Batch normalization.
"""

from typing import Any

import numpy as np

from rwkeras.backend import float32_layers, keras


@float32_layers()
def with_batch_normalization(network: keras.Model) -> keras.Model:
    """Returns a copy of a network with batch normalisation before each conv layer's rectifier.

    Args:
        network: A functional model whose conv layers are rectified.

    Returns:
        The copy: its conv layers have the same names and kernels, and no bias; `NAME_bn` follows
        NAME.
    """

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if isinstance(layer, keras.layers.Conv2D):
            config |= {"activation": "linear", "use_bias": False}
        return type(layer).from_config(config)

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        x = layer(*args, **kwargs)
        if isinstance(layer, keras.layers.Conv2D):
            x = keras.layers.BatchNormalization(momentum=0.9, name=f"{layer.name}_bn")(x)
            x = keras.layers.ReLU(name=f"{layer.name}_relu")(x)
        return x

    normalized = keras.models.clone_model(network, clone_function=copy, call_function=call)
    for layer in _conv_layers(network):
        normalized.get_layer(layer.name).kernel.assign(layer.kernel)
    return normalized


def fold(normalized: keras.Model, network: keras.Model) -> None:
    """Gives a network the weights with which it does what its normalised copy does in inference.

    Args:
        normalized: What `with_batch_normalization` returned, trained.
        network: The network, whose weights are replaced.
    """
    for layer in _conv_layers(network):
        kernel = normalized.get_layer(layer.name).kernel.numpy().astype(np.float64)
        norm = normalized.get_layer(f"{layer.name}_bn")
        scale = norm.gamma.numpy() / np.sqrt(
            norm.moving_variance.numpy() + np.float64(norm.epsilon)
        )
        bias = norm.beta.numpy() - norm.moving_mean.numpy() * scale
        layer.set_weights([(kernel * scale).astype(np.float32), bias.astype(np.float32)])


def _conv_layers(network: keras.Model) -> list[keras.layers.Layer]:
    return [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
