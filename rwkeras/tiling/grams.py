"""Gram matrices of images too large for a network's activations."""

from collections.abc import Sequence

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.features import feature_extractor
from rwkeras.objectives.losses import texture_loss
from rwkeras.objectives.objective import Term
from rwkeras.tiling.geometry import receptive_fields
from rwkeras.tiling.losses import Tiles, sums_over_tiles


def tiled_grams(
    model: keras.Model, layers: Sequence[str], images: tf.Tensor, tile: int
) -> dict[str, tuple[tf.Tensor, float]]:
    """Returns the Gram matrices of layers on images, tile by tile; see `gram_matrix`.

    Args:
        model: A functional `keras.Model`; see `receptive_fields` for which.
        layers: Names of its layers.
        images: float32 RGB in [0, 1], [batch, height, width, 3].
        tile: How much of an image a tile accounts for along each axis, in pixels.

    Returns:
        By layer, the matrices, [batch, N, N], and how many positions they are means over.
    """
    extractor = feature_extractor(model, layers)
    tiles = Tiles(extractor, receptive_fields(extractor, layers), images.shape, tile)
    terms = [Term(layer, layer, texture_loss) for layer in layers]

    @tf.function(autograph=False)
    def sums(images):
        return sums_over_tiles(tiles, terms, images)

    found = zip(layers, sums(tf.convert_to_tensor(images)), strict=True)
    counts = {layer: tiles.positions(layer) for layer in layers}
    return {layer: (total / counts[layer], counts[layer]) for layer, total in found}
