"""Feed-forward style transfer network."""

from typing import Any

import numpy as np

import rwkeras
from rwkeras.backend import keras
from rwkeras.decoders.decnn import EvenSides, FitTo

# Downsampling factor of the residual blocks.
_STRIDE = 4
_PHOTO = "photo_norm"


def style_network(maps: int, blocks: int, seed: int) -> keras.Model:
    """Returns the network of Johnson et al. (2016), untrained.

    It uses the instance normalisation of Ulyanov et al. (2017), as group normalisation with one map
    per group. Further differences: 3 x 3 instead of 9 x 9 filters at both ends; interpolation
    before a convolution instead of transposed convolutions, which cause checkerboard artefacts
    (Odena, Dumoulin and Olah, 2016); and mirrored padding. The output of the last convolution is
    added to the normalised grey photograph, so that the untrained network preserves the content and
    only the style has to be learnt.

    Args:
        maps: Number of maps at full size; twice and four times as many at half and quarter size.
        blocks: Number of residual blocks, at quarter size.
        seed: Seed of the weights.

    Returns:
        A functional model from RGB in [0, 1], [batch, height, width, 3], of any size to the same.
    """

    def mirror_pad(x):
        return keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")

    def upsample(x):
        # Repetition and a blur by (1, 2, 1) / 4 make bilinear interpolation, which Keras cannot
        # trace for images of unknown size.
        x = mirror_pad(keras.layers.UpSampling2D(2)(x))
        for _ in range(2):
            x = keras.layers.AveragePooling2D(2, strides=1)(x)
        return x

    def conv(x, maps: int, name: str, stride: int = 1, **arguments: Any):
        return keras.layers.Conv2D(maps, 3, stride, name=name, **arguments)(mirror_pad(x))

    def conv_norm(x, maps: int, name: str, stride: int = 1):
        x = conv(x, maps, name, stride, use_bias=False)
        return keras.layers.GroupNormalization(groups=-1, name=f"{name}_norm")(x)

    def conv_norm_relu(*arguments: Any):
        return keras.layers.ReLU()(conv_norm(*arguments))

    inputs = keras.Input((None, None, 3), name="image")
    x = conv_norm_relu(EvenSides(_STRIDE)(inputs), maps, "full")
    for name, factor in (("half", 2), ("quarter", 4)):
        x = conv_norm_relu(x, factor * maps, name, 2)
    for n in range(blocks):
        residual = conv_norm_relu(x, 4 * maps, f"block{n}_1")
        x = keras.layers.Add()([x, conv_norm(residual, 4 * maps, f"block{n}_2")])
    for name, factor in (("grown_half", 2), ("grown_full", 1)):
        x = conv_norm_relu(upsample(x), factor * maps, name)
    change = FitTo(_STRIDE)([conv(x, 3, "change"), inputs])
    grey = keras.ops.mean(inputs, -1, keepdims=True)
    grey = keras.layers.Concatenate()([grey, grey, grey])
    photo = keras.layers.GroupNormalization(groups=-1, name=_PHOTO)(grey)
    x = keras.layers.Activation("sigmoid")(keras.layers.Add()([photo, change]))
    model = keras.Model(inputs, x, name="feed_forward_style")
    rwkeras.randomize(model, "he", seed=seed)
    kernel = model.get_layer("change").kernel
    kernel.assign(keras.ops.zeros_like(kernel))
    return model


def init_output_colors(network: keras.Model, style: np.ndarray) -> None:
    """Initialises the mean and the contrast of a network's output colours from a style.

    Args:
        network: The result of `style_network`; modified in place.
        style: float32 RGB in [0, 1], [height, width, 3].
    """
    # Inverse of the final sigmoid, kept finite for colours 0 and 1.
    logits = keras.ops.log((style + 0.05) / (1.05 - style))
    norm = network.get_layer(_PHOTO)
    norm.gamma.assign(keras.ops.std(logits, (0, 1)))
    norm.beta.assign(keras.ops.mean(logits, (0, 1)))
