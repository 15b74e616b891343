"""Maps of several layers on one grid, for one Gram matrix of all of them.

Gram matrices of layers one by one say nothing of what goes with what between layers, such as which
grain with which shape. Brought to one size, maps of all layers are those of one layer more, with
which any loss of a layer does.

References:
    Portilla and Simoncelli (2000), A parametric texture model based on joint statistics of complex
    wavelet coefficients: correlations between the scales of a pyramid.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.features import feature_extractor
from rwkeras.validation import invalid_argument


def _areas(length: tf.Tensor | int, smaller: tf.Tensor | int, dtype: tf.DType) -> tf.Tensor:
    """Returns the matrix that averages over intervals, [smaller, length].

    Output i covers [i s, (i + 1) s] of the inputs, s = length / smaller, each [j, j + 1].
    """
    step = tf.cast(length, tf.float64) / tf.cast(smaller, tf.float64)
    start = tf.cast(tf.range(smaller), tf.float64)[:, tf.newaxis] * step
    place = tf.cast(tf.range(length), tf.float64)[tf.newaxis]
    shared = tf.minimum(start + step, place + 1) - tf.maximum(start, place)
    return tf.cast(tf.maximum(shared, 0) / step, dtype)


def reduced_maps(maps: tf.Tensor, height: tf.Tensor | int, width: tf.Tensor | int) -> tf.Tensor:
    """Returns maps at a smaller size, each position the mean over the area that it covers.

    Where sizes are known and one divides the other it is an average pooling. Otherwise it is the
    same average with parts of positions at the borders of areas, by one matrix along each axis.

    Args:
        maps: [batch, h, w, N].
        height: At most h; an integer, or a tensor where it is not known yet.
        width: At most w, likewise.
    """
    rows, columns = maps.shape[1:3]
    known = all(isinstance(side, int) for side in (rows, columns, height, width))
    if known and (rows, columns) == (height, width):
        return maps
    if known and rows % height == 0 and columns % width == 0:
        window = rows // height, columns // width
        return tf.nn.avg_pool2d(maps, window, window, "VALID")
    down = _areas(tf.shape(maps)[1], height, maps.dtype)
    across = _areas(tf.shape(maps)[2], width, maps.dtype)
    return tf.einsum("jw,biwn->bijn", across, tf.einsum("ih,bhwn->biwn", down, maps))


def _least(sides: Iterable[int | None]) -> int | None:
    """Returns the smallest of some lengths; None where one is unknown."""
    several = list(sides)
    return None if None in several else min(several)  # type: ignore[type-var]


@keras.saving.register_keras_serializable("rwkeras")
class JointMaps(keras.layers.Layer):
    """The maps of several layers side by side, at the smallest of their heights and widths."""

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """Returns [batch, height, width, all maps]."""
        height, width = (self._smallest(inputs, axis) for axis in (1, 2))
        return tf.concat([reduced_maps(maps, height, width) for maps in inputs], axis=-1)

    @staticmethod
    def _smallest(inputs: Sequence[tf.Tensor], axis: int) -> tf.Tensor | int:
        known = _least(maps.shape[axis] for maps in inputs)
        return tf.reduce_min([tf.shape(m)[axis] for m in inputs]) if known is None else known

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the result."""
        height, width = (_least(shape[axis] for shape in input_shape) for axis in (1, 2))
        return input_shape[0][0], height, width, sum(shape[-1] for shape in input_shape)


def with_joint_maps(
    model: keras.Model, layers: Iterable[str], name: str = "joint_maps"
) -> keras.Model:
    """Returns a network with one layer more, which has the maps of several layers.

        layers = ["conv1_1", "conv2_1"]
        model = with_joint_maps(vgg19(), layers)
        synthesize_texture(model, texture, ["joint_maps"])

    Maps are brought to the smallest height and width among the layers by averaging. How much each
    layer counts is decided by the size of its activations and the number of its maps.

    Args:
        model: A functional `keras.Model` of images. Its weights are shared.
        layers: Two or more of its layers, of maps, [batch, height, width, maps].
        name: What the new layer is called.

    Returns:
        A `keras.Model`, functional, which has all layers of `model` by their names, and the new
        one.

    Raises:
        ValueError: The model is not such a model, lacks one of the layers, or has one of the new
            one's name, or `layers` are not such layers.
    """
    names = () if isinstance(layers, str) else tuple(layers)
    if len(names) < 2 or len(set(names)) < len(names):
        raise invalid_argument("layers", "two or more names of different layers", layers)
    extractor = feature_extractor(model, names)
    for layer in names:
        shape = extractor.output[layer].shape
        if len(shape) != 4:
            expected = "layers of maps, [batch, height, width, maps]"
            raise invalid_argument("layers", expected, f"'{layer}' of {tuple(shape)}")
    if name in [layer.name for layer in model.layers]:
        raise invalid_argument("name", f"a name that no layer of '{model.name}' has", name)
    maps = [extractor.output[layer] for layer in names]
    outputs = {**dict(zip(model.output_names, model.outputs, strict=True)), **extractor.output}
    outputs[name] = JointMaps(name=name, dtype=maps[0].dtype)(maps)
    return keras.Model(model.inputs[0], outputs, name=f"{model.name}_joint")
