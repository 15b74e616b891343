"""Caffe's AlexNet (Krizhevsky et al., 2012), with random weights or weights loaded from a file.

By default this is CaffeNet, Caffe's reference network, which pools before it normalises: the CNN-A
that Mahendran and Vedaldi (2015) invert.
"""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.backend import float32_layers, keras
from rwkeras.networks.alexnet_weights import load_alexnet_weights
from rwkeras.networks.initializers import RandomInitializer, get_initializer
from rwkeras.networks.input_shape import checked_input_shape
from rwkeras.validation import invalid_argument

# Mean colour of ImageNet's training set in Caffe, RGB in [0, 255], which trained weights expect to
# be subtracted. Caffe itself subtracts a mean image; this is its mean over pixels.
MEAN_RGB = (122.67891434, 116.66876762, 104.00698793)

_TOP_SIZE = 227
_TOP = (("fc6", 4096), ("fc7", 4096), ("fc8", 1000))


class _Stage(NamedTuple):
    """A convolution and the layers that follow it."""

    filters: int
    size: int
    stride: int = 1
    groups: int = 1
    after: tuple[str, ...] = ()


_STAGES = (
    _Stage(96, 11, stride=4, after=("pool", "norm")),
    _Stage(256, 5, groups=2, after=("pool", "norm")),
    _Stage(384, 3),
    _Stage(384, 3, groups=2),
    _Stage(256, 3, groups=2, after=("pool",)),
)


@keras.saving.register_keras_serializable("rwkeras")
class GroupedConv2D(keras.layers.Conv2D):
    """Grouped convolution, computed as one ordinary convolution per group.

    Keras compiles grouped convolutions with XLA, which was eight times slower on a CPU and which
    TensorFlow Serving does not run; TensorFlow's own have no gradient on a CPU without oneDNN. The
    kernel has the same layout as theirs, [height, width, input channels / groups, filters].
    """

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Returns the convolution without the bias."""
        convolve = super().convolution_op
        if self.groups == 1:
            return convolve(inputs, kernel)
        parts = (keras.ops.split(x, self.groups, axis=-1) for x in (inputs, kernel))
        return keras.ops.concatenate(
            [convolve(*part) for part in zip(*parts, strict=True)], axis=-1
        )


@keras.saving.register_keras_serializable("rwkeras")
class LocalResponseNormalization(keras.layers.Layer):
    """Local response normalisation, x / (1 + alpha / size * sum x^2)^beta.

    The sum runs over `size` neighbouring channels. Dividing alpha by `size` follows Caffe;
    TensorFlow and Krizhevsky et al. do not divide. Computed in float32, the only dtype that
    TensorFlow supports on a CPU.
    """

    def __init__(self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, **kwargs):
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta = size, alpha, beta

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the normalised activations, [batch, height, width, channels]."""
        normalized = tf.nn.local_response_normalization(
            tf.cast(inputs, tf.float32), self.size // 2, 1.0, self.alpha / self.size, self.beta
        )
        return tf.cast(normalized, inputs.dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Returns the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        own = {"size": self.size, "alpha": self.alpha, "beta": self.beta}
        return {**super().get_config(), **own}


def _input_shape(shape: Sequence[int | None], include_top: bool) -> tuple[int | None, ...]:
    """Returns the model's input shape, or raises `ValueError`."""
    shape = checked_input_shape(shape)
    if include_top and any(side not in (None, _TOP_SIZE) for side in shape[:2]):
        needed = f"({_TOP_SIZE}, {_TOP_SIZE}, 3), which the fully connected layers need"
        raise invalid_argument("input_shape", needed, shape)
    return (_TOP_SIZE, _TOP_SIZE, 3) if include_top else shape


def _stages(
    x: keras.KerasTensor, distribution: RandomInitializer, norm_first: bool
) -> keras.KerasTensor:
    """Applies all layers before the fully connected ones to preprocessed images."""
    for number, stage in enumerate(_STAGES, 1):
        x = GroupedConv2D(
            stage.filters,
            stage.size,
            strides=stage.stride,
            padding="same" if stage.stride == 1 else "valid",
            data_format="channels_last",
            groups=stage.groups,
            activation="relu",
            kernel_initializer=distribution.stream(f"conv{number}", "kernel"),
            name=f"conv{number}",
        )(x)
        for kind in reversed(stage.after) if norm_first else stage.after:
            name = f"{kind}{number}"
            if kind == "pool":
                x = keras.layers.MaxPooling2D(3, 2, data_format="channels_last", name=name)(x)
            else:
                x = LocalResponseNormalization(name=name)(x)
    return x


@float32_layers()
def alexnet(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    include_top: bool = False,
    norm_first: bool = False,
    subtract_mean: bool = True,
    initializer: str | RandomInitializer = "gaussian",
    seed: int = 0,
    weights: str | os.PathLike | None = None,
) -> keras.Model:
    """Returns an AlexNet with random weights and zero biases, or with weights loaded from a file.

    Inputs are RGB images in [0, 1], [batch, height, width, 3], which the model scales to [0, 255].
    The outputs of `conv1` to `conv5`, `fc6` and `fc7` are taken after the ReLU; `fc8` is linear.
    Caffe rounds the output size of poolings up, this model rounds it down; for 227 x 227 both
    agree.

    The weights are a Keras file (.h5), or arrays named "LAYER/kernel", [height, width, input
    channels / groups, filters], and "LAYER/bias" (.npz, .safetensors). The kernel of `conv1`
    expects RGB, and that of `fc6` a flattened [height, width, channels]. Caffe's weights circulate
    as a pickle, bvlc_alexnet.npy, whose `conv1` expects BGR. To convert a trusted copy:

        layers = np.load("bvlc_alexnet.npy", allow_pickle=True, encoding="latin1").item()
        layers["conv1"][0] = layers["conv1"][0][:, :, ::-1]
        pairs = {n: zip(("kernel", "bias"), pair) for n, pair in layers.items()}
        np.savez("alexnet.npz", **{f"{n}/{role}": x for n, p in pairs.items() for role, x in p})

    Weight files do not record the order of normalisation and pooling: bvlc_alexnet.npy needs
    `norm_first`; CaffeNet's weights, used by Mahendran and Vedaldi, do not.

    Args:
        input_shape: (height, width, 3); None means any size. With `include_top` it must be
            (227, 227, 3); (None, None, 3) is then read as that.
        include_top: Whether to add the fully connected layers `fc6`, `fc7`, `fc8`.
        norm_first: Whether `norm1` and `norm2` precede `pool1` and `pool2`, as in Krizhevsky et
            al., or follow them, as in CaffeNet.
        subtract_mean: Whether to subtract the mean colour of ImageNet's training set, which
            trained weights require.
        initializer: Distribution of the kernels: a name in `INITIALIZERS` or a distribution, whose
            own seed is ignored.
        seed: Each layer draws from its own random stream, derived from this seed and its name.
        weights: None for random weights, or the path of a weight file.

    Returns:
        A functional `keras.Model` with Caffe's layer names.

    Raises:
        ValueError: An argument is invalid, or the file's weights do not fit this network.
    """
    distribution = get_initializer(initializer, seed)
    shape = _input_shape(input_shape, include_top)
    inputs = keras.Input(shape, name="image", dtype="float32")
    offset = [-mean if subtract_mean else 0.0 for mean in MEAN_RGB]
    x = keras.layers.Rescaling(255.0, offset=offset, name="preprocess")(inputs)
    x = _stages(x, distribution, norm_first)
    if include_top:
        x = keras.layers.Flatten("channels_last", name="flatten")(x)
        for name, units in _TOP:
            x = keras.layers.Dense(
                units,
                activation=None if name == "fc8" else "relu",
                kernel_initializer=distribution.stream(name, "kernel"),
                name=name,
            )(x)
    model = keras.Model(inputs, x, name="alexnet")
    if weights is not None:
        load_alexnet_weights(model, weights)
    return model
