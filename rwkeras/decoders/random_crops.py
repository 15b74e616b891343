"""Endless datasets of random crops, each determined by the seed and its index."""

from typing import NamedTuple

import tensorflow as tf

from rwkeras.decoders.photographs import Photographs
from rwkeras.decoders.settings import DecoderTraining
from rwkeras.random import derive_seed, generator_key
from rwkeras.validation import invalid_argument

_BUFFER = 1024


class Split(NamedTuple):
    """Photographs divided into what is learnt from and what is measured.

    Attributes:
        training: A dataset of uint8 RGB squares.
        held_out: The same, of other photographs; None if there are none.
    """

    training: tf.data.Dataset
    held_out: tf.data.Dataset | None


def split(photographs: Photographs, training: DecoderTraining) -> Split:
    """Divides photographs at random, whole ones.

    Raises:
        ValueError: There are none left to train on.
    """
    held_out = 0
    if training.held_out > 0:
        held_out = max(1, round(training.held_out * photographs.total))
    if held_out >= photographs.total:
        expected = f"at least {held_out + 1} photographs, of which {held_out} are held out"
        raise invalid_argument("images", expected, photographs.total)
    key = generator_key(derive_seed(training.seed, "held_out"))
    order = tf.random.experimental.stateless_shuffle(tf.range(photographs.total), key)
    chosen = tf.scatter_nd(
        order[:held_out, tf.newaxis], tf.ones([held_out], tf.bool), [photographs.total]
    )
    numbered = photographs.squares.enumerate()

    def those(wanted: bool, count: int) -> tf.data.Dataset:
        kept = numbered.filter(lambda n, _: chosen[n] == wanted).map(lambda _, square: square)
        return kept.apply(tf.data.experimental.assert_cardinality(count))

    training_part = those(False, photographs.total - held_out)
    return Split(training_part, those(True, held_out) if held_out else None)


def random_crops(
    squares: tf.data.Dataset, training: DecoderTraining, stream: str, first_step: int = 0
) -> tf.data.Dataset:
    """Returns batches of random crops, half of them mirrored, without end.

    The photographs come in an order that is random and the same for the same seed, and the crop of
    one depends on how many came before: a dataset that begins at a step gives what one from the
    start gives there.

    Args:
        squares: uint8 RGB, [size, size, 3] each.
        training: Size, batch size and seed.
        stream: What they are for.
        first_step: How many batches are left out.

    Returns:
        A dataset of (images, images): float32 RGB in [0, 1], [batch, crop_size, crop_size, 3],
        what is encoded and what is to be decoded.
    """
    key = generator_key(derive_seed(training.seed, "crops", stream))

    def crop(number: tf.Tensor, square: tf.Tensor) -> tf.Tensor:
        return _crop(square, training, tf.random.fold_in(key, number))

    order = generator_key(derive_seed(training.seed, "order", stream))

    def shuffled(number: tf.Tensor) -> tf.data.Dataset:
        # Not by `Dataset.shuffle`, which heeds TensorFlow's own seed, and how often it was begun.
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
    """Returns an image in other colours, float32 RGB in [0, 1].

    Hue and saturation are changed, and in half of all images black and white become two colours,
    with what is between them in between: the only way in which grey photographs get any.
    """
    seeds = tf.random.split(key, 3)
    image = tf.image.stateless_random_hue(image, 0.5, seeds[0])
    image = tf.clip_by_value(tf.image.stateless_random_saturation(image, 0.0, 2.0, seeds[1]), 0, 1)
    draw = tf.random.stateless_uniform([7], seeds[2], alg="philox")
    black, white = draw[:3], draw[3:6]
    return tf.where(draw[6] < 0.5, image, black + (white - black) * image)
