"""Maps of several layers on a common grid, for a joint Gram matrix.

Gram matrices of single layers ignore correlations between layers, such as which grain occurs with
which shape. Maps of several layers, averaged to one size, form another layer, to which any loss on
a layer applies.

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


def _averaging_matrix(
    length: tf.Tensor | int, smaller: tf.Tensor | int, dtype: tf.DType
) -> tf.Tensor:
    """Returns the matrix, [smaller, length], that averages over intervals.

    Output i covers the interval [i s, (i + 1) s], s = length / smaller; input j covers [j, j + 1].
    """
    step = tf.cast(length, tf.float64) / tf.cast(smaller, tf.float64)
    start = tf.cast(tf.range(smaller), tf.float64)[:, tf.newaxis] * step
    place = tf.cast(tf.range(length), tf.float64)[tf.newaxis]
    shared = tf.minimum(start + step, place + 1) - tf.maximum(start, place)
    return tf.cast(tf.maximum(shared, 0) / step, dtype)


def reduced_maps(maps: tf.Tensor, height: tf.Tensor | int, width: tf.Tensor | int) -> tf.Tensor:
    """Downsamples maps by area averaging.

    If the sizes are known and divisible this is an average pooling. Otherwise positions at the
    borders of areas count in part, by one matrix product along each axis.

    Args:
        maps: [batch, h, w, N].
        height: Output height, at most h; an integer, or a tensor if not known statically.
        width: Output width, at most w, likewise.
    """
    rows, columns = maps.shape[1:3]
    known = all(isinstance(side, int) for side in (rows, columns, height, width))
    if known and (rows, columns) == (height, width):
        return maps
    if known and rows % height == 0 and columns % width == 0:
        window = rows // height, columns // width
        return tf.nn.avg_pool2d(maps, window, window, "VALID")
    down = _averaging_matrix(tf.shape(maps)[1], height, maps.dtype)
    across = _averaging_matrix(tf.shape(maps)[2], width, maps.dtype)
    return tf.einsum("jw,biwn->bijn", across, tf.einsum("ih,bhwn->biwn", down, maps))


def _minimum(sides: Iterable[int | None]) -> int | None:
    """Returns the minimum of some lengths; None if any is unknown."""
    several = list(sides)
    return None if None in several else min(several)  # type: ignore[type-var]


@keras.saving.register_keras_serializable("rwkeras")
class JointMaps(keras.layers.Layer):
    """Concatenates the maps of several layers, averaged to their smallest height and width."""

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """Returns [batch, height, width, all maps]."""
        height, width = (self._smallest(inputs, axis) for axis in (1, 2))
        return tf.concat([reduced_maps(maps, height, width) for maps in inputs], axis=-1)

    @staticmethod
    def _smallest(inputs: Sequence[tf.Tensor], axis: int) -> tf.Tensor | int:
        known = _minimum(maps.shape[axis] for maps in inputs)
        return tf.reduce_min([tf.shape(m)[axis] for m in inputs]) if known is None else known

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the output shape."""
        height, width = (_minimum(shape[axis] for shape in input_shape) for axis in (1, 2))
        return input_shape[0][0], height, width, sum(shape[-1] for shape in input_shape)


def with_joint_maps(
    model: keras.Model, layers: Iterable[str], name: str = "joint_maps"
) -> keras.Model:
    """Returns a network with an additional layer of the concatenated maps of several layers.

        layers = ["conv1_1", "conv2_1"]
        model = with_joint_maps(vgg19(), layers)
        synthesize_texture(model, texture, ["joint_maps"])

    Maps are averaged to the smallest height and width among the layers. The weight of a layer is
    determined by the magnitude of its activations and the number of its maps.

    Args:
        model: A functional `keras.Model` of images. Its weights are shared.
        layers: Names of two or more of its layers with outputs [batch, height, width, maps].
        name: Name of the new layer.

    Returns:
        A functional `keras.Model` with all layers of `model` and the new one.

    Raises:
        ValueError: `model` is not such a model, lacks one of the layers or already has a layer
            called `name`, or `layers` are not such layers.
    """
    names = () if isinstance(layers, str) else tuple(layers)
    if len(names) < 2 or len(set(names)) < len(names):
        raise invalid_argument("layers", "two or more different layer names", layers)
    extractor = feature_extractor(model, names)
    for layer in names:
        shape = extractor.output[layer].shape
        if len(shape) != 4:
            expected = "layers of feature maps, [batch, height, width, maps]"
            raise invalid_argument("layers", expected, f"'{layer}' of shape {tuple(shape)}")
    if name in [layer.name for layer in model.layers]:
        raise invalid_argument(
            "name", f"a name that is not the name of a layer of '{model.name}'", name
        )
    maps = [extractor.output[layer] for layer in names]
    outputs = {**dict(zip(model.output_names, model.outputs, strict=True)), **extractor.output}
    outputs[name] = JointMaps(name=name, dtype=maps[0].dtype)(maps)
    return keras.Model(model.inputs[0], outputs, name=f"{model.name}_joint")
