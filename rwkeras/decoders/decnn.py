"""Autoencoders: an encoder and its decoder as one network, and as one file."""

import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from rwkeras.backend import float32_layers, keras
from rwkeras.decoders.levels import encoder_structure, encoder_to
from rwkeras.eager import eager_only
from rwkeras.networks.loading import read_keras_file
from rwkeras.networks.precision import lower_precision
from rwkeras.validation import invalid_argument

_NAME = "decnn"


@keras.saving.register_keras_serializable("rwkeras")
class EvenSides(keras.layers.Layer):
    """Pads images to multiples of a divisor by repeating the last row and column.

    Args:
        divisor: The divisor.
        axes: Axes to pad: 1 for the height, 2 for the width.
    """

    def __init__(self, divisor: int, axes: Sequence[int] = (1, 2), **arguments: Any):
        super().__init__(**arguments)
        self.divisor = divisor
        self.axes = tuple(axes)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the padded images, [batch, height, width, channels]."""
        for axis in self.axes:
            side = tf.shape(inputs)[axis]
            longer = -(-side // self.divisor) * self.divisor
            inputs = tf.gather(inputs, tf.minimum(tf.range(longer), side - 1), axis=axis)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the output shape."""
        shape = list(input_shape)
        for axis in self.axes:
            shape[axis] = shape[axis] and -(-shape[axis] // self.divisor) * self.divisor
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "divisor": self.divisor, "axes": list(self.axes)}


@keras.saving.register_keras_serializable("rwkeras")
class FitTo(keras.layers.Layer):
    """Crops or resamples decoded images to the size of the encoded ones.

    Images that are larger by less than the divisor are cropped, which removes the padding of
    `EvenSides`. Others are resampled; they come from networks whose layers round sizes down or
    average over all positions.

    Args:
        divisor: The divisor of `EvenSides`.
    """

    def __init__(self, divisor: int, **arguments: Any):
        super().__init__(**arguments)
        self.divisor = divisor

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        """Returns the first images at the size of the second."""
        decoded, images = inputs
        height, width = tf.shape(images)[1], tf.shape(images)[2]
        beyond = tf.shape(decoded)[1:3] - tf.shape(images)[1:3]
        fitted = tf.cond(
            tf.reduce_all((beyond >= 0) & (beyond < self.divisor)),
            lambda: decoded[:, :height, :width],
            lambda: tf.image.resize(decoded, (height, width)),
        )
        return tf.ensure_shape(fitted, [None, *images.shape[1:3], decoded.shape[3]])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the output shape."""
        decoded, images = input_shape
        return (decoded[0], *images[1:3], decoded[3])

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "divisor": self.divisor}


@eager_only
def decnn(model: keras.Model, layer: str, decoder: keras.Model) -> keras.Model:
    """Returns a network up to a layer and a decoder for that layer as one network.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1]. Its weights are copied.
        layer: Name of one of its layers.
        decoder: Network from the layer's activations to images, as returned by `rwkeras.decoder`.

    Returns:
        A functional `keras.Model` from RGB images to RGB images that are not clipped. Its first
        part has the name of `model` and is not trainable, its second part is `decoder`. A saved
        `.keras` file contains both.

    Raises:
        ValueError: `model` has no such layer, or the decoder does not fit it.
    """
    return join(lower_precision(encoder_to(model, layer), "float32"), decoder)


@float32_layers()
def join(encoder: keras.Model, decoder: keras.Model) -> keras.Model:
    """Returns an encoder, which is frozen, and a decoder as one network."""
    expected, found = (tuple(x.shape[1:]) for x in (encoder.outputs[0], decoder.inputs[0]))
    if expected != found:
        raise invalid_argument("decoder", f"a decoder for activations of shape {expected}", found)
    encoder.trainable = False
    for part in encoder.layers:
        if isinstance(part, keras.layers.Dropout):
            part.rate = 0.0  # Dropout stays active in frozen layers.
    inputs = keras.Input(encoder.inputs[0].shape[1:], name="image", dtype="float32")
    x, stride = inputs, encoder_structure(encoder).stride
    axes = [axis for axis in (1, 2) if inputs.shape[axis] is None]
    if axes:
        x = EvenSides(stride, axes, name="even_sides")(x)
    decoded = decoder(encoder(x))
    x = FitTo(stride, name="fit", dtype="float32")([decoded, inputs])
    return keras.Model(inputs, x, name=_NAME)


def encoder_and_decoder(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Returns the encoder and the decoder of a network made by `decnn`."""
    encoder, decoder = (layer for layer in model.layers if isinstance(layer, keras.Model))
    return encoder, decoder


def describe(model: keras.Model) -> str:
    """Returns a description of a network: its name, or what it decodes if made by `decnn`."""
    if model.name != _NAME:
        return model.name
    encoder, _ = encoder_and_decoder(model)
    return f"{encoder.name} to {encoder.output_names[0]}, and its decoder"


@eager_only
def load_decoder(decoder: Any, name: str = "decoder") -> keras.Model:
    """Loads an encoder with its decoder, or returns a loaded one.

    Args:
        decoder: The path of a `.keras` file, or a network made by `decnn`.
        name: Name of the argument, for error messages.

    Raises:
        ValueError: `decoder` is neither, or cannot be loaded.
    """
    expected = "a .keras file written by tools/train_decoder.py"
    if isinstance(decoder, str | os.PathLike):
        path = os.fspath(decoder)
        if not path.endswith(".keras"):
            raise invalid_argument(name, "the path of an existing .keras file", path)
        model = read_keras_file(path, name, expected)
    else:
        model, path = decoder, type(decoder).__name__
    if not isinstance(model, keras.Model) or model.name != _NAME:
        raise invalid_argument(name, expected, path)
    return model
