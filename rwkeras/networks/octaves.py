"""The layers of any network at each octave of a Gaussian pyramid (Snelgrove, 2017).

Filters cover more of a downsampled image: Gram matrices of the same layers on the image at full,
half, quarter size and so on capture a texture's structure at all these scales. Snelgrove's
`subjective-functions` synthesises textures from `pool1` and `conv3_2` of a trained VGG-19 this way.

References:
    Burt and Adelson (1983), The Laplacian pyramid as a compact image code.
    Snelgrove (2017), High-resolution multi-scale neural texture synthesis.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.features import checked_layers, feature_extractor
from rwkeras.validation import checked_number, invalid_argument

# Number of octaves, including the image itself.
OCTAVES = 4

_TAPS = np.array([1, 4, 6, 4, 1]) / 16
_REACH = len(_TAPS) // 2


def _halved(side: int | None) -> int | None:
    return None if side is None else (side + 1) // 2


def pyramid_reduce(images: tf.Tensor) -> tf.Tensor:
    """Returns images blurred and halved; see `PyramidReduce`."""
    sides = [[0, 0], [_REACH, _REACH], [_REACH, _REACH], [0, 0]]
    padded = tf.pad(images, sides, mode="SYMMETRIC")
    kernel = np.outer(_TAPS, _TAPS)[:, :, np.newaxis, np.newaxis]
    kernel = np.repeat(kernel, images.shape[-1], axis=2)
    return tf.nn.depthwise_conv2d(padded, tf.constant(kernel, images.dtype), [1, 2, 2, 1], "VALID")


@keras.saving.register_keras_serializable("rwkeras")
class PyramidReduce(keras.layers.Layer):
    """One level of a Gaussian pyramid: blurs images and keeps every other pixel.

    This is REDUCE of Burt and Adelson (1983), along rows and columns of each channel:

        y(i) = sum_m w(m) x(2 i + m),    w = (1, 4, 6, 4, 1) / 16,    m = -2 ... 2.

    Their family of kernels is (1/4 - a/2, 1/4, a, 1/4, 1/4 - a/2), here with a = 3/8, whose weights
    are exact even in bfloat16; `subjective-functions` has a = 0.4 and no padding. Here images are
    padded symmetrically, repeating the outermost pixels: n pixels become ceil(n / 2), and constant
    images stay constant up to the border.
    """

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Returns [batch, ceil(height / 2), ceil(width / 2), channels] in the images' dtype."""
        return pyramid_reduce(images)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """Returns the output shape; raises `ValueError` if images are too small to be padded."""
        batch, height, width, channels = input_shape
        if any(side is not None and side < _REACH for side in (height, width)):
            expected = f"sides of at least {_REACH} pixels"
            raise invalid_argument("input_shape", expected, tuple(input_shape))
        return batch, _halved(height), _halved(width), channels


def _octave_layer(layer: str, octave: int) -> str:
    return f"{layer}_octave{octave}" if octave else layer


def octave_layers(layers: Iterable[str], octaves: int = OCTAVES) -> tuple[str, ...]:
    """Returns the names that `with_octaves` gives to layers at each octave.

    Args:
        layers: Names of the network's layers.
        octaves: Number of octaves, including the image itself.

    Returns:
        The given names, for the image itself, then those for half the size, `conv1_1_octave1`, a
        quarter, `conv1_1_octave2`, and so on.

    Raises:
        ValueError: `layers` are not distinct names, or `octaves` is not an integer of at least 1.
    """
    octaves = checked_number("octaves", octaves, integer=True, minimum=1)
    names = checked_layers("layers", layers)
    return tuple(_octave_layer(name, octave) for octave in range(octaves) for name in names)


def with_octaves(model: keras.Model, layers: Iterable[str], octaves: int = OCTAVES) -> keras.Model:
    """Returns a network with some of its layers at each octave of a Gaussian pyramid.

    The network is applied to each image of the pyramid. Weights are shared with `model` and between
    octaves: changes to the weights of `model`, such as by `calibrate`, also take effect here.

        layers = ("conv1_1", "conv3_2")
        pyramid = with_octaves(vgg19(), layers)
        synthesize_texture(pyramid, texture, octave_layers(layers))

    Args:
        model: A functional `keras.Model` of images of any size, [batch, height, width, channels].
        layers: Names of its layers.
        octaves: Number of octaves, including the image itself. The minimum height and width of
            images are about 2^(octaves - 1) times those for `layers` alone.

    Returns:
        A functional `keras.Model` with all layers of `model`, `layers` at each octave, named as by
        `octave_layers`, and the downsampled images `octave1`, `octave2`, ...

    Raises:
        ValueError: `model` is not such a model, lacks one of the layers, or already has a layer
            with one of the new names.
    """
    octaves = checked_number("octaves", octaves, integer=True, minimum=1)
    names = checked_layers("layers", layers)
    extractor = feature_extractor(model, names)
    image = model.inputs[0]
    if len(image.shape) != 4 or image.shape[1:3] != (None, None):
        raise invalid_argument(
            "model", "a network that accepts images of any size", f"'{model.name}' of {image.shape}"
        )
    names_added = {f"octave{octave}" for octave in range(1, octaves)}
    names_added.update(set(octave_layers(names, octaves)).difference(names))
    duplicates = sorted(names_added.intersection(layer.name for layer in model.layers))
    if duplicates:
        raise invalid_argument("model", "a network without layers of these names", duplicates)
    graph = keras.Function(image, extractor.output)
    # Include the model's own outputs, so that the result has all of its layers.
    outputs = {**dict(zip(model.output_names, model.outputs, strict=True)), **extractor.output}
    for octave in range(1, octaves):
        image = PyramidReduce(name=f"octave{octave}", dtype=image.dtype)(image)
        # `call` applies the same layers to new symbolic tensors.
        for layer, activations in graph.call(image).items():
            name = _octave_layer(layer, octave)
            # A shared layer's `output` is that of its first call: an identity names this one.
            outputs[name] = keras.layers.Identity(name=name, dtype=activations.dtype)(activations)
    return keras.Model(model.inputs[0], outputs, name=f"{model.name}_octaves")
