"""Masked features of any network, for Gram matrices by region.

Gatys et al. (2017) multiply the activations of a layer by guidance channels T_r, one per region,
whose squares sum to 1 over positions, and match one Gram matrix per region,

    G_r = sum_k T_rk^2 F_ik F_jk.

Here T_rk^2 = M m_rk / sum_k m_rk, with M positions and the mask m_r at the layer's size, so that
the mean of products over all positions is their mean over the region.

References:
    Gatys, Ecker, Bethge, Hertzmann and Shechtman (2017), Controlling perceptual factors in neural
    style transfer: spatial guidance.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.networks.features import feature_extractor
from rwkeras.validation import invalid_argument


@keras.saving.register_keras_serializable("rwkeras")
class Guided(keras.layers.Layer):
    """Weights activations so that means of their products are means over a region.

    The mask is resized to the activations by area averaging.

    Args:
        size: Height and width of the mask, which is a non-trainable weight.
    """

    def __init__(self, size: tuple[int, int], **arguments: Any):
        super().__init__(**arguments)
        self.size = tuple(size)

    def build(self, input_shape: Any) -> None:
        """Creates the mask, filled with ones."""
        self.mask = self.add_weight(
            shape=(1, *self.size, 1), initializer="ones", trainable=False, name="mask"
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the weighted activations, [batch, height, width, maps]."""
        mask = tf.cast(tf.convert_to_tensor(self.mask), tf.float32)
        mask = tf.image.resize(mask, tf.shape(inputs)[1:3], method="area")
        shares = tf.math.divide_no_nan(mask, tf.reduce_mean(mask))
        return inputs * tf.cast(tf.sqrt(shares), inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "size": list(self.size)}


def region_layers(layers: Iterable[str], region: str) -> tuple[str, ...]:
    """Returns the names that `with_regions` gives to layers in a region."""
    return tuple(f"{layer}_{region}" for layer in layers)


@eager_only
def with_regions(
    model: keras.Model, layers: Iterable[str], masks: Mapping[str, np.ndarray]
) -> keras.Model:
    """Returns a network with additional copies of layers weighted by masks of image regions.

    Args:
        model: A functional `keras.Model` of images. Its weights are shared.
        layers: Names of its layers.
        masks: Mask of each region, by region name: float in [0, 1], [height, width], not all 0.
            Masks may differ in size from the image.

    Returns:
        A functional `keras.Model` with the layers of `model`, and `layers` in each region, named
        as by `region_layers`.

    Raises:
        ValueError: A mask is invalid or all 0, or `model` lacks a layer.
    """
    names = tuple(layers)
    extractor = feature_extractor(model, names)
    outputs = {**dict(zip(model.output_names, model.outputs, strict=True)), **extractor.output}
    for region, mask in masks.items():
        values = np.asarray(mask, np.float32)
        inside = (
            values.size and np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1
        )
        if values.ndim != 2 or not inside or not values.any():
            expected = "float [height, width] in [0, 1], not all 0"
            raise invalid_argument("mask", expected, f"{values.dtype} {values.shape}")
        for layer, name in zip(names, region_layers(names, region), strict=True):
            maps = extractor.output[layer]
            guided = Guided(values.shape, name=name, dtype=maps.dtype)
            outputs[name] = guided(maps)
            guided.mask.assign(values[np.newaxis, :, :, np.newaxis])
    return keras.Model(model.inputs[0], outputs, name=f"{model.name}_regions")
