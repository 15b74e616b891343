"""Batch normalisation for training, folded into the convolutions afterwards.

A VGG-19 trains slowly from scratch: random rectified layers map all images to similar activations,
and steps large enough to change that silence filters. Batch normalisation speeds up training. With
fixed statistics it is an affine map of each channel, which is merged into the convolution before
it: the new kernel is kernel s and the new bias offset - mean s, with
s = scale / sqrt(variance + epsilon).

References:
    Ioffe and Szegedy (2015), Batch normalization.
"""

from typing import Any

import numpy as np

from rwkeras.backend import float32_layers, keras


@float32_layers()
def with_batch_normalization(network: keras.Model) -> keras.Model:
    """Returns a copy of a network with batch normalisation before the ReLU of each conv layer.

    Args:
        network: A functional model whose conv layers have ReLU activations.

    Returns:
        The copy. Its conv layers have the same names and kernels and no bias; each layer NAME is
        followed by NAME_bn and NAME_relu.
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
    """Sets the weights of a network so that it matches its normalised copy in inference mode.

    Args:
        normalized: The trained result of `with_batch_normalization`.
        network: The network, whose conv weights are replaced.
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
