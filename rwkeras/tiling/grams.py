"""Gram matrices of images whose activations exceed memory."""

from collections.abc import Sequence

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.cache import CACHE
from rwkeras.compiled import Compiled, signature
from rwkeras.networks.features import check_image_shape, feature_extractor
from rwkeras.objectives.losses import texture_loss
from rwkeras.objectives.objective import Term
from rwkeras.tiling.geometry import receptive_fields
from rwkeras.tiling.sums import sums_over_tiles
from rwkeras.tiling.tiles import Tiles

# Estimated cache weight, in MiB, of the function compiled for one image size.
_WEIGHT = 8


def tiled_grams(
    model: keras.Model, layers: Sequence[str], images: tf.Tensor, tile: int
) -> dict[str, tuple[tf.Tensor, float]]:
    """Returns the Gram matrices of layers on images, computed by tiles; see `gram_matrix`.

    Args:
        model: A functional `keras.Model` that `receptive_fields` supports.
        layers: Names of its layers.
        images: float32 RGB in [0, 1], [batch, height, width, 3].
        tile: Size of a tile without overlap along each axis, in pixels.

    Returns:
        By layer, the matrices, [batch, N, N], and the number of positions averaged over.
    """
    names = tuple(layers)
    check_image_shape(feature_extractor(model, names), images.shape)
    images = tf.convert_to_tensor(images)
    key = "grams", names, tile, signature(images)
    function = CACHE.get(model, key, lambda: _grams_function(model, names, tile), lambda _: _WEIGHT)
    grams = function(images)
    return {name: (gram, float(positions)) for name, (gram, positions) in grams.items()}


def _grams_function(model: keras.Model, layers: tuple[str, ...], tile: int) -> Compiled:
    """Returns a function from images to Gram matrices and numbers of positions, by layer."""
    extractor = feature_extractor(model, layers)
    fields = receptive_fields(extractor, layers)
    terms = [Term(layer, layer, texture_loss) for layer in layers]

    def function(images: tf.Tensor) -> dict[str, tuple[tf.Tensor, tf.Tensor]]:
        tiles = Tiles(extractor, fields, images.shape, tile)
        found = zip(layers, sums_over_tiles(tiles, terms, images), strict=True)
        counts = {layer: tf.constant(tiles.positions(layer)) for layer in layers}
        return {layer: (total / counts[layer], counts[layer]) for layer, total in found}

    return Compiled(function)
