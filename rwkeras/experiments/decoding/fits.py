"""Trained and untrained decoders of the experiments."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from rwkeras.decoders.settings import DecoderSettings, DecoderTraining
from rwkeras.experiments.jobs.decoder_fits import DECODER_FILE, DecoderFit
from rwkeras.experiments.jobs.decodings import (
    Decoding,
    UntrainedDecoder,
    UntrainedDecoding,
)
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.photographs import TUNING
from rwkeras.experiments.study import Draw, Study
from rwkeras.experiments.table import Sample
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import Job, JobResult

# The stride up to which a single upsampling step was the most accurate for a given time.
_MAX_SINGLE_STEP_STRIDE = 4
# Feature maps at each size of decoders of deep layers; as many as in the encoder would take
# minutes to train.
_MAPS = (256, 128, 64, 32, 16)
# Two of the ten photographs of `TUNING`; a single one would be too noisy a measure.
_HELD_OUT = 0.2
# About a quarter of the default pixels per step, as each of ten draws has several trainings.
_CROP, _BATCH = 48, 8
# Measurements per training, if the number of steps is divisible by it.
_MEASUREMENTS = 40

# Strides of the blocks of EfficientNet-Lite0; later blocks have stride 32.
_LITE_STRIDES = {"block1": 2, "block2": 4, "block3": 8, "block4": 16, "block5": 16}


class DecoderResult(NamedTuple):
    """A trained decoder.

    Attributes:
        file: The file with encoder and decoder.
        result: The result of the training; its trace has the PSNR of training crops and of held-out
            crops by step.
    """

    file: FileRef
    result: JobResult


def layer_stage(layer: str) -> int:
    """Returns the stage of a conv or pooling layer of a VGG, from 1."""
    return int(layer.removeprefix("conv").removeprefix("pool").partition("_")[0])


def layer_stride(layer: str) -> int:
    """Returns the stride of a layer of a VGG or of EfficientNet-Lite0, relative to the image."""
    if layer.startswith("block"):
        return _LITE_STRIDES.get(layer[:6], 32)
    return 2 ** (layer_stage(layer) - layer.startswith("conv"))


def middle_layer(study: Study) -> str:
    """Returns the first layer of stride 4 of the study's VGG."""
    return next(
        layer for layer in study.first_layers if layer_stride(layer) == _MAX_SINGLE_STEP_STRIDE
    )


def decoder_layers(study: Study) -> tuple[str, ...]:
    """Returns the layers for which decoders are trained: the first of every second stage."""
    return study.first_layers[::2]


def trained_decoder_settings(layer: str, seed: int, **changes: Any) -> DecoderSettings:
    """Returns the settings of trained decoders, chosen for accuracy at low cost.

    Up to stride 4, all convolutions are at the layer's resolution and one subpixel step upsamples
    to pixels. Beyond, the maps grow in the reverse of the encoder's steps, and their number is the
    same for all networks.

    Args:
        layer: The layer's name.
        seed: Seed of the kernels.
        **changes: Settings that replace these.
    """
    stride = layer_stride(layer)
    given: dict[str, Any] = {"upsampling": "subpixel", "seed": seed}
    if 1 < stride <= _MAX_SINGLE_STEP_STRIDE:
        given["factors"] = (stride,)
    elif stride > _MAX_SINGLE_STEP_STRIDE:
        given["maps"] = _MAPS[: stride.bit_length() - 1]
    return DecoderSettings(**{**given, **changes})


def fit_job(
    study: Study, network: NetworkSpec, draw: Draw, layer: str, **changes: Any
) -> DecoderFit:
    """Returns the job that trains a decoder on the photographs of `TUNING`.

    Args:
        study: The study, for photographs, image size and steps.
        network: The encoder.
        draw: The draw, for the seed.
        layer: The layer's name.
        **changes: Changes to the settings of the decoder; see `DecoderSettings`.
    """
    steps = study.settings.decoder_steps
    training = DecoderTraining(
        crop_size=min(_CROP, study.settings.image_size),
        batch_size=_BATCH,
        held_out=_HELD_OUT,
        steps=steps,
        epoch_steps=steps // math.gcd(steps, _MEASUREMENTS),
        precision="float32",  # "auto" would depend on the machine.
        seed=draw.seed,
    )
    photos = study.photographs(TUNING, training.photo_size)
    return DecoderFit(
        network, layer, trained_decoder_settings(layer, draw.seed, **changes), training, photos
    )


def untrained_decoder(
    network: NetworkSpec, draw: Draw, layer: str, **changes: Any
) -> UntrainedDecoder:
    """Returns an untrained decoder.

    It mirrors the encoder, with nearest-neighbour upsampling and one convolution at each size: with
    more convolutions, or with transposed ones, less of the image is visible.

    Args:
        network: The encoder.
        draw: The draw, for the seed.
        layer: The layer's name.
        **changes: Changes to the settings of the decoder; see `DecoderSettings`.
    """
    given = {"upsampling": "nearest", "depth": 1, "seed": draw.seed}
    return UntrainedDecoder(network, layer, DecoderSettings(**{**given, **changes}))


def untrained_decoding_job(
    network: NetworkSpec, draw: Draw, layer: str, **changes: Any
) -> UntrainedDecoding:
    """Returns the job that decodes a draw's image with an `untrained_decoder`."""
    return UntrainedDecoding(untrained_decoder(network, draw, layer, **changes), draw.image)


def train_decoders(study: Study, jobs: Mapping[Sample, Job]) -> dict[Sample, DecoderResult]:
    """Runs the jobs that train decoders and returns the decoders by sample."""
    return {
        sample: DecoderResult(study.file(jobs[sample], DECODER_FILE), result)
        for sample, result in study.run(jobs).items()
    }


def decode_images(
    study: Study, decoders: Mapping[Sample, DecoderResult]
) -> dict[Sample, JobResult]:
    """Decodes the image of each decoder's draw and returns the results by sample."""
    images = {draw.number: draw.image for draw in study.draws()}
    return study.run(
        {
            sample: Decoding(decoder.file, images[sample.draw])
            for sample, decoder in decoders.items()
        }
    )
