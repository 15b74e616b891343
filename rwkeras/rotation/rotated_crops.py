"""Datasets of rotated crops, each determined by the seed and its index."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.images.reading import fit_longer_side
from rwkeras.random import derive_seed, generator_key
from rwkeras.rotation.settings import RotationSettings
from rwkeras.validation import invalid_argument

ROTATIONS = 4


class CropRegions(NamedTuple):
    """Regions of photographs to take crops from.

    Attributes:
        pixels: uint8 RGB, [regions, height, width, 3], zero-padded to a common size.
        sizes: Height and width of each region, int32, [regions, 2].
    """

    pixels: tf.Tensor
    sizes: tf.Tensor


def split(
    photos: Iterable[np.ndarray], settings: RotationSettings
) -> tuple[CropRegions, CropRegions]:
    """Splits photographs into training and held-out regions.

    The held-out region is a vertical strip in the middle, since the top and the bottom of
    photographs differ in content.

    Args:
        photos: float RGB in [0, 1], each [height, width, 3].
        settings: Image and crop sizes and the held-out share.

    Returns:
        The regions left and right of the strips, and the strips.

    Raises:
        ValueError: There are no photographs, or a region is smaller than a crop.
    """
    training, held_out = [], []
    for number, photo in enumerate(photos, 1):
        fitted = np.rint(255 * fit_longer_side(photo, settings.photo_size)).astype(np.uint8)
        height, width = fitted.shape[:2]
        left = round(width * (1 - settings.held_out) / 2)
        right = width - left
        if min(height, left, right - left) < settings.crop_size:
            raise invalid_argument(
                "photos",
                f"photographs large enough for crops of {settings.crop_size} pixels in the middle "
                f"{settings.held_out:.0%} of their width and beside it",
                f"{width} x {height} pixels, photograph {number}",
            )
        training += [fitted[:, :left], fitted[:, right:]]
        held_out.append(fitted[:, left:right])
    if not training:
        raise invalid_argument("photos", "at least one photograph", "none")
    return _stacked(training), _stacked(held_out)


def _stacked(regions: list[np.ndarray]) -> CropRegions:
    sizes = np.array([region.shape[:2] for region in regions], np.int32)
    pixels = np.zeros((len(regions), *sizes.max(axis=0), 3), np.uint8)
    for stacked, region, (height, width) in zip(pixels, regions, sizes, strict=True):
        stacked[:height, :width] = region
    return CropRegions(tf.constant(pixels), tf.constant(sizes))


def rotated_crops(
    regions: CropRegions, settings: RotationSettings, stream: str, numbers: range
) -> tf.data.Dataset:
    """Returns a dataset of batches of crops, each rotated by 0, 90, 180 and 270 degrees.

    Half of the crops are mirrored first. A crop depends only on the seed, the stream and its index.

    Args:
        regions: Regions to crop from, with equal probability.
        settings: Crop size, zoom, batch size and seed.
        stream: Name of the random stream; streams are independent.
        numbers: Indices of the crops.

    Returns:
        A dataset of (images, labels): float32 RGB in [0, 1], [4 batch, size, size, 3], and int32
        [4 batch], the number of counter-clockwise quarter turns.
    """
    key = generator_key(derive_seed(settings.seed, "crops", stream))
    size = settings.crop_size

    def one(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        seed = tf.random.fold_in(key, number)
        draw = tf.random.stateless_uniform([5], seed, alg="philox")
        index = tf.cast(draw[0] * regions.pixels.shape[0], tf.int32)
        limits = tf.cast(regions.sizes[index], tf.float32)
        side = tf.floor(size * (1 + (settings.zoom - 1) * draw[1]))
        side = tf.minimum(side, tf.reduce_min(limits))
        top, left = tf.unstack(tf.cast(draw[2:4] * (limits - side + 1), tf.int32))
        side = tf.cast(side, tf.int32)
        crop = regions.pixels[index, top : top + side, left : left + side]
        crop = tf.image.resize(tf.cast(crop, tf.float32) / 255, (size, size), antialias=True)
        crop = tf.where(draw[4] < 0.5, crop, tf.reverse(crop, [1]))
        turned = [tf.image.rot90(crop, turns) for turns in range(ROTATIONS)]
        return tf.stack(turned), tf.range(ROTATIONS)

    def joined(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.reshape(images, (-1, size, size, 3)), tf.reshape(labels, (-1,))

    dataset = tf.data.Dataset.range(numbers.start, numbers.stop, numbers.step)
    return (
        dataset.map(one, num_parallel_calls=tf.data.AUTOTUNE)
        .batch(settings.batch_size)
        .map(joined)
        .prefetch(tf.data.AUTOTUNE)
    )
