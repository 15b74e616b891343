"""Infinite datasets of random crops, each determined by the seed and its index."""

from typing import NamedTuple

import tensorflow as tf

from rwkeras.decoders.photographs import Photographs
from rwkeras.decoders.settings import DecoderTraining
from rwkeras.random import derive_seed, generator_key
from rwkeras.validation import invalid_argument

_BUFFER = 1024


class Split(NamedTuple):
    """Training and held-out photographs.

    Attributes:
        training: Dataset of uint8 RGB squares.
        held_out: The same for the held-out photographs; None if there are none.
    """

    training: tf.data.Dataset
    held_out: tf.data.Dataset | None


def split(photographs: Photographs, training: DecoderTraining) -> Split:
    """Splits photographs at random into training and held-out ones.

    Raises:
        ValueError: No photograph is left for training.
    """
    held_out = 0
    if training.held_out > 0:
        held_out = max(1, round(training.held_out * photographs.total))
    if held_out >= photographs.total:
        expected = f"at least {held_out + 1} photographs, as {held_out} are held out"
        raise invalid_argument("images", expected, photographs.total)
    key = generator_key(derive_seed(training.seed, "held_out"))
    order = tf.random.experimental.stateless_shuffle(tf.range(photographs.total), key)
    chosen = tf.scatter_nd(
        order[:held_out, tf.newaxis], tf.ones([held_out], tf.bool), [photographs.total]
    )
    numbered = photographs.squares.enumerate()

    def subset(wanted: bool, count: int) -> tf.data.Dataset:
        kept = numbered.filter(lambda n, _: chosen[n] == wanted).map(lambda _, square: square)
        return kept.apply(tf.data.experimental.assert_cardinality(count))

    training_part = subset(False, photographs.total - held_out)
    return Split(training_part, subset(True, held_out) if held_out else None)


def random_crops(
    squares: tf.data.Dataset, training: DecoderTraining, stream: str, first_step: int = 0
) -> tf.data.Dataset:
    """Returns an infinite dataset of batches of random crops, half of them mirrored.

    The order of the photographs depends only on the seed, and each crop on the seed and its index,
    so that a dataset started at a later step continues the sequence exactly.

    Args:
        squares: Dataset of uint8 RGB, [size, size, 3].
        training: Crop size, batch size, colour changes and seed.
        stream: Name of the random stream; streams are independent.
        first_step: Number of batches to skip.

    Returns:
        A dataset of (images, images), inputs and targets: float32 RGB in [0, 1],
        [batch, crop_size, crop_size, 3].
    """
    key = generator_key(derive_seed(training.seed, "crops", stream))

    def crop(number: tf.Tensor, square: tf.Tensor) -> tf.Tensor:
        return _crop(square, training, tf.random.fold_in(key, number))

    order = generator_key(derive_seed(training.seed, "order", stream))

    def shuffled(number: tf.Tensor) -> tf.data.Dataset:
        # `Dataset.shuffle` also depends on TensorFlow's global seed and on earlier iterations.
        key = tf.random.fold_in(order, number)

        def mixed(place: tf.Tensor, block: tf.Tensor) -> tf.data.Dataset:
            own = tf.random.fold_in(key, place)
            mixture = tf.random.experimental.stateless_shuffle(block, own, alg="philox")
            return tf.data.Dataset.from_tensor_slices(mixture)

        return squares.batch(_BUFFER).enumerate().flat_map(mixed)

    return (
        tf.data.Dataset.counter()
        .flat_map(shuffled)
        .apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))
        .enumerate()
        .skip(first_step * training.batch_size)
        .map(crop, tf.data.AUTOTUNE)
        .batch(training.batch_size, drop_remainder=True)
        .map(lambda images: (images, images))
        .prefetch(tf.data.AUTOTUNE)
    )


def _crop(square: tf.Tensor, training: DecoderTraining, key: tf.Tensor) -> tf.Tensor:
    """Returns a random crop of a square, float32 RGB in [0, 1], [crop_size, crop_size, 3]."""
    seeds = tf.random.split(key, 3)
    size = training.crop_size
    cut = tf.image.stateless_random_crop(square, (size, size, 3), seeds[0])
    cut = tf.image.stateless_random_flip_left_right(tf.cast(cut, tf.float32) / 255, seeds[1])
    return _recolored(cut, seeds[2]) if training.vary_colors else cut


def _recolored(image: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Returns an image with randomly changed colours, float32 RGB in [0, 1].

    Hue and saturation are changed. In half of the images, black and white are then mapped to two
    random colours and the values between them linearly, which colours grey photographs too.
    """
    seeds = tf.random.split(key, 3)
    image = tf.image.stateless_random_hue(image, 0.5, seeds[0])
    image = tf.clip_by_value(tf.image.stateless_random_saturation(image, 0.0, 2.0, seeds[1]), 0, 1)
    draw = tf.random.stateless_uniform([7], seeds[2], alg="philox")
    black, white = draw[:3], draw[3:6]
    return tf.where(draw[6] < 0.5, image, black + (white - black) * image)
