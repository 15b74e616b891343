"""Banks of filters evaluated at every other position, from a phase that is chosen at each use.

A Gram matrix is a mean over positions, of which a quarter says nearly as much in a quarter of the
time. Which quarter is a matter of the phase: an image optimised under several phases in turn has
each of its positions looked at. What is made under one alone has a faint grain of the grid's
period, so that the last networks to see an image should be evaluated everywhere.
"""

from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.borders import MirroredConv2D
from rwkeras.networks.circular import with_mirrored_padding
from rwkeras.networks.graph import calls
from rwkeras.validation import check_number, invalid_argument

# How far apart positions are, along rows and along columns.
STRIDE = 2
# The shorter side of inputs, in pixels, from which on positions are left out: of smaller ones, too
# few would be left.
SAMPLED_FROM = 128
# The phases in turn: both diagonals before anything is seen twice.
_PHASES = ((0, 0), (1, 1), (0, 1), (1, 0))


@keras.saving.register_keras_serializable("rwkeras")
class SampledConv2D(MirroredConv2D):
    """A convolution of stride 1, mirrored at its borders, evaluated at a grid of its positions.

    Of inputs whose sides are both known and at least `SAMPLED_FROM`, the activations are those at

        (phase[0] + STRIDE i, phase[1] + STRIDE j),    i < height // STRIDE, j < width // STRIDE;

    of others, those at all positions. The phase is a weight, int32, [2], each in [0, STRIDE).
    """

    def build(self, input_shape: tuple) -> None:
        """Creates the weights."""
        super().build(input_shape)
        self.phase = self.add_weight(
            name="phase", shape=(2,), dtype="int32", initializer="zeros", trainable=False
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the activations, [batch, rows, columns, filters]."""
        sides = inputs.shape[1:3]
        if not _is_sampled(sides):
            return super().call(inputs)
        reach = [(size - 1) // 2 for size in self.kernel_size]
        after = [size - 1 - before for size, before in zip(self.kernel_size, reach, strict=True)]
        rows, columns = zip(reach, after, strict=True)
        extended = self.extended(inputs, rows, columns)
        seen = [
            (side // STRIDE - 1) * STRIDE + size
            for side, size in zip(sides, self.kernel_size, strict=True)
        ]
        begin = tf.concat([[0], tf.convert_to_tensor(self.phase), [0]], axis=0)
        extended = tf.slice(extended, begin, [-1, *seen, -1])
        extended = tf.ensure_shape(extended, [inputs.shape[0], *seen, inputs.shape[3]])
        maps = tf.nn.conv2d(extended, tf.convert_to_tensor(self.kernel), STRIDE, "VALID")
        if self.use_bias:
            maps = tf.nn.bias_add(maps, tf.convert_to_tensor(self.bias))
        return self.activation(maps)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Returns the shape of the activations."""
        batch, *sides, _ = input_shape
        if _is_sampled(sides):
            sides = [side // STRIDE for side in sides]
        return batch, *sides, self.filters


def _is_sampled(sides: Any) -> bool:
    return all(side is not None and side >= SAMPLED_FROM for side in sides)


def _is_plain(layer: keras.layers.Conv2D) -> bool:
    return layer.strides == layer.dilation_rate == (1, 1) and layer.groups == 1


def can_sample(model: keras.Model) -> bool:
    """Returns whether a network's convolutions are of stride 1 and see the image or its pyramid.

    What sees another convolution's activations would see those of neighbours that are farther away.
    """
    after = set[int]()
    for call in calls(model):
        convolves = isinstance(call.layer, keras.layers.Conv2D)
        follows = any(id(x) in after for x in call.inputs)
        if convolves and (follows or not _is_plain(call.layer)):
            return False
        if convolves or follows:
            after.update(id(x) for x in call.outputs)
    return True


def with_sampled_positions(model: keras.Model) -> keras.Model:
    """Returns a copy of a network that evaluates its convolutions at every other position.

    Args:
        model: A functional `keras.Model` whose convolutions see the image or its pyramid, such as
            `multiscale()`.

    Returns:
        A functional `keras.Model` whose layers have the same names: `SampledConv2D` where the model
        has convolutions. Its weights are copied; the phase is (0, 0).

    Raises:
        ValueError: The model has other layers, or a convolution that sees another's activations.
    """
    mirrored = with_mirrored_padding(model)
    if not can_sample(model):
        expected = "convolutions that see the image or its pyramid"
        raise invalid_argument("model", expected, model.name)

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        convolves = isinstance(layer, keras.layers.Conv2D)
        return (SampledConv2D if convolves else type(layer)).from_config(layer.get_config())

    sampled = keras.models.clone_model(mirrored, clone_function=copy)
    copy_weights(model, sampled)
    return sampled


def copy_weights(model: keras.Model, sampled: keras.Model) -> None:
    """Copies a network's weights into what `with_sampled_positions` made of it."""
    for layer in sampled.layers:
        phase = [layer.phase.numpy()] if isinstance(layer, SampledConv2D) else []
        if layer.weights:
            layer.set_weights([*model.get_layer(layer.name).get_weights(), *phase])


def set_phase(sampled: keras.Model, number: int) -> None:
    """Moves the positions of `SampledConv2D` layers to one of the phases, which take turns.

    Args:
        sampled: What `with_sampled_positions` returned.
        number: Which phase, from 0; after all, the first comes again.
    """
    check_number("number", number, integer=True)
    for layer in sampled.layers:
        if isinstance(layer, SampledConv2D):
            layer.phase.assign(_PHASES[number % len(_PHASES)])
