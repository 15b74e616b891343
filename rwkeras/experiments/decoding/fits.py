"""Decoders, trained and untrained, as the experiments have them."""

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

# The stride up to which one step from the layer's maps to pixels was the best use of a second.
_ONE_STEP = 4
# From deep layers, at each size: an encoder's own would take minutes a training.
_MAPS = (256, 128, 64, 32, 16)
# Of ten photographs, which are what decoders learn from. One alone would be a matter of luck.
_HELD_OUT = 0.2
# A fourth of the pixels that a step has by default: there are ten draws, each of several trainings.
_CROP, _BATCH = 48, 8
# How often a training is measured, if its steps can be divided so.
_MEASURES = 40

# The strides of the layers of a VGG and of EfficientNet-Lite0.
_LITE_STRIDES = {"block1": 2, "block2": 4, "block3": 8, "block4": 16, "block5": 16}


class Fitted(NamedTuple):
    """A trained decoder.

    Attributes:
        file: Encoder and decoder.
        result: By step, as its trace, the PSNR of crops that are learnt from and of held-out ones.
    """

    file: FileRef
    result: JobResult


def layer_stage(layer: str) -> int:
    """Returns the stage of a VGG, from 1, to which a conv or pooling layer belongs."""
    return int(layer.removeprefix("conv").removeprefix("pool").partition("_")[0])


def layer_stride(layer: str) -> int:
    """Returns by how much a layer of a VGG or of EfficientNet-Lite0 is smaller than the image."""
    if layer.startswith("block"):
        return _LITE_STRIDES.get(layer[:6], 32)
    return 2 ** (layer_stage(layer) - layer.startswith("conv"))


def middle_layer(study: Study) -> str:
    """Returns the first layer of stride 4, which every VGG has."""
    return next(layer for layer in study.first_layers if layer_stride(layer) == _ONE_STEP)


def decoder_layers(study: Study) -> tuple[str, ...]:
    """Returns the layers for which decoders are trained: every second stage's first."""
    return study.first_layers[::2]


def fitted_shape(layer: str, seed: int, **changes: Any) -> DecoderSettings:
    """Returns the shape of the decoders that are trained: the cheapest that is accurate.

    Up to a stride of 4, all convolutions are at the layer's own size, and one step makes the
    pixels. Beyond, the maps grow as the encoder's shrink, and are as many for all networks.

    Args:
        layer: The layer's name.
        seed: Of the kernels.
        **changes: Other settings than these.
    """
    stride = layer_stride(layer)
    given: dict[str, Any] = {"upsampling": "subpixel", "seed": seed}
    if 1 < stride <= _ONE_STEP:
        given["factors"] = (stride,)
    elif stride > _ONE_STEP:
        given["maps"] = _MAPS[: stride.bit_length() - 1]
    return DecoderSettings(**{**given, **changes})


def fit(study: Study, network: NetworkSpec, draw: Draw, layer: str, **changes: Any) -> DecoderFit:
    """Returns the job that trains a decoder on the photographs of `TUNING`.

    Args:
        study: For how many steps.
        network: The encoder.
        draw: The draw, for the seed.
        layer: The layer's name.
        **changes: To the decoder's shape, see `DecoderSettings`.
    """
    steps = study.settings.decoder_steps
    training = DecoderTraining(
        crop_size=min(_CROP, study.settings.image_size),
        batch_size=_BATCH,
        held_out=_HELD_OUT,
        steps=steps,
        epoch_steps=steps // math.gcd(steps, _MEASURES),
        precision="float32",  # Which other precision is fast differs from machine to machine.
        seed=draw.seed,
    )
    photos = study.photographs(TUNING, training.photo_size)
    return DecoderFit(network, layer, fitted_shape(layer, draw.seed, **changes), training, photos)


def untrained(network: NetworkSpec, draw: Draw, layer: str, **changes: Any) -> UntrainedDecoder:
    """Returns a decoder without training.

    It mirrors the encoder with one convolution at each size: with more, and with transposed
    convolutions, less can be seen.

    Args:
        network: The encoder.
        draw: The draw, for the seed.
        layer: The layer's name.
        **changes: Other settings than these; see `DecoderSettings`.
    """
    given = {"upsampling": "nearest", "depth": 1, "seed": draw.seed}
    return UntrainedDecoder(network, layer, DecoderSettings(**{**given, **changes}))


def untrained_decoding(
    network: NetworkSpec, draw: Draw, layer: str, **changes: Any
) -> UntrainedDecoding:
    """Returns the job that decodes a draw's image without training; see `untrained`."""
    return UntrainedDecoding(untrained(network, draw, layer, **changes), draw.image)


def fitted(study: Study, jobs: Mapping[Sample, Job]) -> dict[Sample, Fitted]:
    """Returns trained decoders by what they are of, once they are made."""
    return {
        sample: Fitted(study.file(jobs[sample], DECODER_FILE), result)
        for sample, result in study.run(jobs).items()
    }


def decoded(study: Study, decoders: Mapping[Sample, Fitted]) -> dict[Sample, JobResult]:
    """Returns each draw's image as trained decoders make it."""
    images = {draw.number: draw.image for draw in study.draws()}
    return study.run(
        {
            sample: Decoding(decoder.file, images[sample.draw])
            for sample, decoder in decoders.items()
        }
    )
