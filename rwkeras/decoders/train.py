"""Training of decoders, by Keras's own loop and callbacks."""

import dataclasses
import time
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.decoders.backup import backup_in, description, restored
from rwkeras.decoders.decnn import join, parts
from rwkeras.decoders.levels import encoder_to
from rwkeras.decoders.network import build_decoder
from rwkeras.decoders.photographs import Photographs, read_photographs
from rwkeras.decoders.random_crops import random_crops, split
from rwkeras.decoders.settings import DecoderSettings, DecoderTraining
from rwkeras.eager import eager_only
from rwkeras.images.photographs import OTHERS, photographs
from rwkeras.networks.features import check_image_shape
from rwkeras.networks.precision import fast_bfloat16, lower_precision

_HALF = {"mixed_bfloat16": "bfloat16", "mixed_float16": "float16"}


class TrainedDecoder(NamedTuple):
    """Result of a training.

    Attributes:
        model: The encoder with its decoder in float32, as `decnn` returns it.
        history: By epoch: "loss" and "psnr_db" of the crops, and those of the held-out photographs
            as "val_loss" and "val_psnr_db". Of a training that went on, what came after.
        photographs: How many there were, the held-out ones among them.
        unreadable: The names of files that were left out.
        seconds: How long it took.
    """

    model: keras.Model
    history: dict[str, list[float]]
    photographs: int
    unreadable: tuple[str, ...]
    seconds: float


@eager_only
def train_decoder(
    model: keras.Model,
    layer: str,
    images: Any = None,
    *,
    decoder: DecoderSettings = DecoderSettings(),
    training: DecoderTraining = DecoderTraining(),
    backup_dir: str | None = None,
    keep_backup: bool = False,
    logdir: str | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    strategy: tf.distribute.Strategy | None = None,
) -> TrainedDecoder:
    """Trains a decoder to make images of the activations that a fixed network has at a layer.

    Minimises the mean squared error of pixels, sum_i (x'_i - x_i)^2 / n, over random crops of
    photographs, by Adam. The papers do not say what they minimised, nor how.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1]; it stays as it is.
        layer: The name of one of its layers.
        images: A folder of photographs, an iterable of images, or what `read_photographs` made of
            such. None for photographs that come with scikit-image.
        decoder: The decoder's shape.
        training: Crops, steps and precision.
        backup_dir: A folder for the state of the training, or None. The same training begun again
            goes on from the last epoch, and ends as if it had never stopped, but for how long it
            has waited for a better measure.
        keep_backup: Whether the state stays when the training has ended, for what comes of it to be
            written first; see `forget_backup`.
        logdir: A folder for TensorBoard, or None.
        callbacks: Further callbacks of Keras's.
        strategy: Where it is computed; None for all GPUs there are.

    Returns:
        A `TrainedDecoder`.

    Raises:
        ValueError: An argument cannot be used; the message says why.
    """
    started = time.perf_counter()
    encoder = encoder_to(model, layer)
    read = training_photographs(images, training)
    crop = (training.batch_size, training.crop_size, training.crop_size, 3)
    check_image_shape(keras.Model(encoder.inputs[0], {layer: encoder.outputs[0]}), crop)
    divided = split(read, training)
    strategy = _strategy() if strategy is None else strategy
    with strategy.scope():
        joint = _compiled(encoder, decoder, training)
    backup = []
    if backup_dir is not None:
        described = description(encoder, read, decoder, training)
        backup = backup_in(backup_dir, described, keep=keep_backup)
    # What is read has to begin where the training goes on, so that is found out first.
    done = restored(joint, backup)
    held_out = None
    if divided.held_out is not None:
        natural = dataclasses.replace(training, vary_colors=False)
        held_out = random_crops(divided.held_out, natural, "held_out")
        held_out = held_out.take(training.held_out_steps).cache()
    history = joint.fit(
        random_crops(divided.training, training, "training", done * training.epoch_steps),
        epochs=training.steps // training.epoch_steps,
        initial_epoch=done,
        steps_per_epoch=training.epoch_steps,
        validation_data=held_out,
        callbacks=[*callbacks, *_stopping(training), *_logging(logdir), *backup],
        shuffle=False,  # Which the dataset has done.
        verbose=0,
    )
    whole = join(lower_precision(encoder, "float32"), build_decoder(encoder, decoder))
    # The encoder's own weights may be of a lower precision there.
    parts(whole)[1].set_weights(parts(joint)[1].get_weights())
    measured = {name: [float(v) for v in values] for name, values in history.history.items()}
    seconds = time.perf_counter() - started
    return TrainedDecoder(whole, measured, read.total, read.unreadable, seconds)


def training_photographs(images: Any, training: DecoderTraining) -> Photographs:
    """Returns photographs to learn from; arguments as of `train_decoder`."""
    if isinstance(images, Photographs):
        return images
    given = photographs(OTHERS) if images is None else images
    return read_photographs(given, training.photo_size, training.crop_size)


def _strategy() -> tf.distribute.Strategy:
    """Returns one for all GPUs, or TensorFlow's default."""
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def psnr_db(images: tf.Tensor, decoded: tf.Tensor) -> tf.Tensor:
    """Returns the peak signal-to-noise ratio of each decoded image, clipped, in dB."""
    return tf.image.psnr(images, tf.clip_by_value(decoded, 0, 1), max_val=1.0)


def _compiled(
    encoder: keras.Model, decoder: DecoderSettings, training: DecoderTraining
) -> keras.Model:
    """Returns encoder and new decoder in the training's precision, ready for `fit`."""
    policy = training.precision
    if policy == "auto":
        policy = "mixed_bfloat16" if fast_bfloat16() else "float32"
    joint = join(
        lower_precision(encoder, _HALF.get(policy, policy)),
        build_decoder(encoder, decoder, policy),
    )
    rising = max(1, training.steps // 100)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, training.steps - rising),
        warmup_target=training.learning_rate,
        warmup_steps=rising,
    )
    optimizer = keras.optimizers.Adam(rate)
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    metric = keras.metrics.MeanMetricWrapper(psnr_db, name="psnr_db")
    joint.compile(optimizer, loss="mse", metrics=[metric])
    return joint


def _stopping(training: DecoderTraining) -> list[keras.callbacks.Callback]:
    if training.patience is None:
        return []
    return [
        keras.callbacks.EarlyStopping(
            "val_loss", patience=training.patience, restore_best_weights=True
        )
    ]


def _logging(logdir: str | None) -> list[keras.callbacks.Callback]:
    """Returns what tells TensorBoard, if it can be told."""
    if logdir is None:
        return []
    try:
        tf.summary.create_file_writer(logdir).close()
    except (OSError, tf.errors.OpError):  # A disk that is full.
        warnings.warn("What TensorBoard would show cannot be written", stacklevel=2)
        return []
    return [keras.callbacks.TensorBoard(logdir)]
