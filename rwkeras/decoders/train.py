"""Training of decoders with `keras.Model.fit`."""

import dataclasses
import time
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.decoders.backup import backup_callbacks, description, restore
from rwkeras.decoders.decnn import encoder_and_decoder, join
from rwkeras.decoders.levels import encoder_to
from rwkeras.decoders.network import build_decoder
from rwkeras.decoders.photographs import Photographs, read_photographs
from rwkeras.decoders.random_crops import random_crops, split
from rwkeras.decoders.settings import DecoderSettings, DecoderTraining
from rwkeras.eager import eager_only
from rwkeras.images.photographs import TRAINING_NAMES, photographs
from rwkeras.networks.features import check_image_shape
from rwkeras.networks.precision import fast_bfloat16, lower_precision

_HALF = {"mixed_bfloat16": "bfloat16", "mixed_float16": "float16"}


class TrainedDecoder(NamedTuple):
    """Result of a training.

    Attributes:
        model: The encoder with its decoder in float32, as returned by `decnn`.
        history: Per epoch, "loss" and "psnr_db" of the training crops, and "val_loss" and
            "val_psnr_db" of the held-out photographs. Epochs before a resume are not included.
        photographs: Number of photographs, including the held-out ones.
        unreadable: Names of files that were skipped.
        seconds: Duration in seconds.
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
    """Trains a decoder to reconstruct images from the activations of a fixed network at a layer.

    Minimises the mean squared error of pixels, sum_i (x'_i - x_i)^2 / n, over random crops of
    photographs with Adam. The papers specify neither the loss nor the optimiser.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1]; not modified.
        layer: Name of one of its layers.
        images: A folder of photographs, an iterable of images, or the result of `read_photographs`.
            None for photographs included in scikit-image.
        decoder: Settings of the decoder.
        training: Settings of the training.
        backup_dir: Folder for the state of the training, or None. A restarted training resumes at
            the last epoch and gives the same result as an uninterrupted one, except that early
            stopping counts its patience afresh.
        keep_backup: Whether to keep the state after training, so that it can be removed with
            `remove_backup` once the results are saved.
        logdir: Folder for TensorBoard, or None.
        callbacks: Additional Keras callbacks.
        strategy: Distribution strategy; None to use all GPUs.

    Returns:
        A `TrainedDecoder`.

    Raises:
        ValueError: An argument is invalid.
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
        description_text = description(encoder, read, decoder, training)
        backup = backup_callbacks(backup_dir, description_text, keep=keep_backup)
    # Restored before `fit`, as the crops have to start at the step of the restored state.
    done = restore(joint, backup)
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
        shuffle=False,  # The dataset is shuffled already.
        verbose=0,
    )
    whole = join(lower_precision(encoder, "float32"), build_decoder(encoder, decoder))
    # Decoder only: the encoder in `joint` may have a lower precision.
    encoder_and_decoder(whole)[1].set_weights(encoder_and_decoder(joint)[1].get_weights())
    measured = {name: [float(v) for v in values] for name, values in history.history.items()}
    seconds = time.perf_counter() - started
    return TrainedDecoder(whole, measured, read.total, read.unreadable, seconds)


def training_photographs(images: Any, training: DecoderTraining) -> Photographs:
    """Returns the training photographs; for arguments see `train_decoder`."""
    if isinstance(images, Photographs):
        return images
    given = photographs(TRAINING_NAMES) if images is None else images
    return read_photographs(given, training.photo_size, training.crop_size)


def _strategy() -> tf.distribute.Strategy:
    """Returns a mirrored strategy if there are several GPUs, otherwise the current one."""
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def psnr_db(images: tf.Tensor, decoded: tf.Tensor) -> tf.Tensor:
    """Returns the PSNR in dB of each decoded image after clipping to [0, 1], [batch]."""
    return tf.image.psnr(images, tf.clip_by_value(decoded, 0, 1), max_val=1.0)


def _compiled(
    encoder: keras.Model, decoder: DecoderSettings, training: DecoderTraining
) -> keras.Model:
    """Returns encoder and untrained decoder in the training's precision, compiled."""
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
    """Returns the TensorBoard callback; none without a folder or if it cannot be written."""
    if logdir is None:
        return []
    try:
        tf.summary.create_file_writer(logdir).close()
    except (OSError, tf.errors.OpError):  # For example a full disk.
        warnings.warn("TensorBoard logs cannot be written", stacklevel=2)
        return []
    return [keras.callbacks.TensorBoard(logdir)]
