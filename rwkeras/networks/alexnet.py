"""AlexNet (Krizhevsky et al., 2012) as Caffe has it, with random weights or those of a file.

It is the network that Mahendran and Vedaldi (2015) invert, their CNN-A: Caffe's reference network,
CaffeNet, which pools before it normalises.
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

# The mean colour of ImageNet's training set as Caffe has it, which the weights expect to be
# subtracted; RGB, of 255. Caffe itself subtracts a mean image, of which this is the mean.
MEAN_RGB = (122.67891434, 116.66876762, 104.00698793)

_TOP_SIZE = 227
_TOP = (("fc6", 4096), ("fc7", 4096), ("fc8", 1000))


class _Stage(NamedTuple):
    """A convolution and what may follow it."""

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
    """A convolution of channels in groups, made of one ordinary convolution for each group.

    Keras compiles its own with XLA, which took eight times as long on a CPU and which TensorFlow
    Serving does not run; TensorFlow's has no gradient on a CPU without oneDNN. The kernel is
    theirs, [height, width, input channels / groups, filters].
    """

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Returns the convolution without its bias."""
        convolve = super().convolution_op
        if self.groups == 1:
            return convolve(inputs, kernel)
        parts = (keras.ops.split(x, self.groups, axis=-1) for x in (inputs, kernel))
        return keras.ops.concatenate(
            [convolve(*part) for part in zip(*parts, strict=True)], axis=-1
        )


@keras.saving.register_keras_serializable("rwkeras")
class LocalResponseNormalization(keras.layers.Layer):
    """Division by the size of neighbouring channels, x / (1 + alpha / size * sum x^2)^beta.

    Caffe divides alpha by the number of channels, `size`, that the sum runs over; TensorFlow and
    Krizhevsky et al. do not. It is computed in float32, as TensorFlow has no other on a CPU.
    """

    def __init__(self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, **kwargs):
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta = size, alpha, beta

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the activations, [batch, height, width, channels], normalised."""
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
    """Returns what the layers before the fully connected ones make of preprocessed images."""
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
    """Returns an AlexNet with random weights and zero biases, or with the weights of a file.

    It takes RGB images in [0, 1], [batch, height, width, 3], and scales them to [0, 255] itself.
    Activations of `conv1` to `conv5`, `fc6` and `fc7` are taken after the rectifier; `fc8` is
    linear. Caffe rounds the size of a pooling's output up and this one down, which is the same for
    227 x 227.

    A file is one of Keras's (.h5), or has arrays named "LAYER/kernel", [height, width, input
    channels / groups, filters], and "LAYER/bias" (.npz, .safetensors). The kernel of `conv1`
    expects RGB, and that of `fc6` a flattened [height, width, channels]. Caffe's weights circulate
    as a pickle, bvlc_alexnet.npy, whose `conv1` expects BGR; of one that is trusted,

        layers = np.load("bvlc_alexnet.npy", allow_pickle=True, encoding="latin1").item()
        layers["conv1"][0] = layers["conv1"][0][:, :, ::-1]
        pairs = {n: zip(("kernel", "bias"), pair) for n, pair in layers.items()}
        np.savez("alexnet.npz", **{f"{n}/{role}": x for n, p in pairs.items() for role, x in p})

    makes such a file. None says for which order of layers it is: that one wants `norm_first`,
    CaffeNet's, with which Mahendran and Vedaldi worked, does not.

    Args:
        input_shape: (height, width, 3); None stands for any size. With `include_top` it must be
            (227, 227, 3), for which (None, None, 3) may stand.
        include_top: Whether to add the fully connected layers `fc6`, `fc7`, `fc8`.
        norm_first: Whether `norm1` and `norm2` come before `pool1` and `pool2`, as Krizhevsky et
            al. have it, and not after, as CaffeNet.
        subtract_mean: Whether to subtract the mean colour of ImageNet's training set first, as
            trained weights need it.
        initializer: The distribution of the kernels: a name of `INITIALIZERS` or a distribution,
            whose own seed is not used.
        seed: Every layer draws from a stream of its own, derived from this and its name.
        weights: None for random weights, or the path of a file.

    Returns:
        A `keras.Model`, functional, whose layers have Caffe's names.

    Raises:
        ValueError: An argument is none of the above, or the file's weights are not this network's.
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
