"""A network that paints a photograph in one pass."""

from typing import Any

import numpy as np

import rwkeras
from rwkeras.backend import keras
from rwkeras.decoders.decnn import EvenSides, FitTo

# By how much its middle is smaller than the picture.
_STRIDE = 4
_PHOTO = "photo_norm"


def style_network(maps: int, blocks: int, seed: int) -> keras.Model:
    """Returns the network of Johnson et al. (2016) before its training.

    It has the instance normalisation of Ulyanov et al. (2017), here of one group a map. Further
    departures: filters of 3 x 3 at both ends instead of 9 x 9; maps that grow by interpolation
    before a convolution, as transposed ones leave checkerboards (Odena, Dumoulin and Olah, 2016);
    convolutions that see the picture mirrored at its border. And what the last one makes is added
    to the photograph in grey, also normalised: the untrained network keeps the content, as an
    optimisation does that starts from it, and only has to learn what the style adds.

    Args:
        maps: How many maps there are at the picture's size; twice and four times as many at a half
            and at a quarter of it.
        blocks: How many residual blocks there are at a quarter.
        seed: Of the weights.

    Returns:
        A functional model of RGB in [0, 1], [batch, height, width, 3] of any size to the same.
    """

    def mirrored(x):
        return keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")

    def grown(x):
        # Repeated and then blurred by (1, 2, 1) / 4 is bilinear interpolation, of which Keras makes
        # no graph for pictures of any size.
        x = mirrored(keras.layers.UpSampling2D(2)(x))
        for _ in range(2):
            x = keras.layers.AveragePooling2D(2, strides=1)(x)
        return x

    def convolved(x, maps: int, name: str, stride: int = 1, **arguments: Any):
        return keras.layers.Conv2D(maps, 3, stride, name=name, **arguments)(mirrored(x))

    def normalized(x, maps: int, name: str, stride: int = 1):
        x = convolved(x, maps, name, stride, use_bias=False)
        return keras.layers.GroupNormalization(groups=-1, name=f"{name}_norm")(x)

    def rectified(*arguments: Any):
        return keras.layers.ReLU()(normalized(*arguments))

    inputs = keras.Input((None, None, 3), name="image")
    x = rectified(EvenSides(_STRIDE)(inputs), maps, "full")
    for name, factor in (("half", 2), ("quarter", 4)):
        x = rectified(x, factor * maps, name, 2)
    for n in range(blocks):
        inner = rectified(x, 4 * maps, f"block{n}_1")
        x = keras.layers.Add()([x, normalized(inner, 4 * maps, f"block{n}_2")])
    for name, factor in (("grown_half", 2), ("grown_full", 1)):
        x = rectified(grown(x), factor * maps, name)
    change = FitTo(_STRIDE)([convolved(x, 3, "change"), inputs])
    grey = keras.ops.mean(inputs, -1, keepdims=True)
    grey = keras.layers.Concatenate()([grey, grey, grey])
    photo = keras.layers.GroupNormalization(groups=-1, name=_PHOTO)(grey)
    x = keras.layers.Activation("sigmoid")(keras.layers.Add()([photo, change]))
    model = keras.Model(inputs, x, name="feed_forward_style")
    rwkeras.randomize(model, "he", seed=seed)
    kernel = model.get_layer("change").kernel
    kernel.assign(keras.ops.zeros_like(kernel))
    return model


def give_colors(network: keras.Model, style: np.ndarray) -> None:
    """Has a new network make pictures of a style's colours, in mean and contrast.

    Args:
        network: What `style_network` returned; it is changed.
        style: float32 RGB in [0, 1], [height, width, 3].
    """
    # The inverse of the last sigmoid, kept finite where a colour is 0 or 1.
    logits = keras.ops.log((style + 0.05) / (1.05 - style))
    norm = network.get_layer(_PHOTO)
    norm.gamma.assign(keras.ops.std(logits, (0, 1)))
    norm.beta.assign(keras.ops.mean(logits, (0, 1)))
