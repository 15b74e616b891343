"""Trained decoders shared by the experiments of a folder."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rwkeras.decoders.settings import DecoderSettings, DecoderTraining
from rwkeras.experiments.jobs.decodings import DECODER_FILE, DecoderFit, Decoding
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.rivals import trained_networks
from rwkeras.experiments.study import Study
from rwkeras.sweeps.files import FileRef, reference_to
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.store import Store

SOURCE = "Shu et al. (2017), abstract"
# What counts as photographically accurate, in dB, as of inversions. The paper judges by eye.
ACCURATE = 20.0

# The stride up to which one step from the layer's maps to pixels was the best use of a second.
_ONE_STEP = 4
# Of 13 photographs, which are what decoders learn from. One alone would be a matter of luck.
_HELD_OUT = 0.2
# How often a training is measured, if its steps can be divided so.
_MEASURES = 60


class Fitted(NamedTuple):
    """A trained decoder.

    Attributes:
        file: Encoder and decoder.
        trace: By step, the PSNR of crops that are learnt from and of held-out ones, in dB.
    """

    file: FileRef
    trace: Sequence[Mapping[str, Any]]


def layer_stage(layer: str) -> int:
    """Returns the stage of a VGG, from 1, to which a conv or pooling layer belongs."""
    return int(layer.removeprefix("conv").removeprefix("pool").partition("_")[0])


def layer_stride(layer: str) -> int:
    """Returns by how much a VGG's conv or pooling layer is smaller than the image."""
    return 2 ** (layer_stage(layer) - layer.startswith("conv"))


def middle_layer(study: Study) -> str:
    """Returns the first layer of stride 4, which every architecture has."""
    return next(layer for layer in study.first_layers if layer_stride(layer) == _ONE_STEP)


def fitted_shape(layer: str, seed: int, **changes: Any) -> DecoderSettings:
    """Returns the shape of the decoders that are trained: the cheapest that is accurate.

    Up to a stride of 4, all convolutions are at the layer's own size, and one step makes the
    pixels. Beyond, the maps grow as the encoder's shrink.

    Args:
        layer: Of a VGG.
        seed: Of the kernels.
        **changes: Other settings than these.
    """
    stride = layer_stride(layer)
    factors = (stride,) if 1 < stride <= _ONE_STEP else None
    given = {"upsampling": "subpixel", "factors": factors, "seed": seed}
    return DecoderSettings(**{**given, **changes})


def fit(
    study: Study, network: NetworkSpec, layer: str, seed: int | None = None, **changes: Any
) -> DecoderFit:
    """Returns the job that trains a decoder.

    It learns from photographs that are not among those shown: see `OTHERS`.

    Args:
        study: For how many steps.
        network: The encoder.
        layer: The layer's name.
        seed: Of the decoder and of its training; None for the study's.
        **changes: To the decoder's shape, see `DecoderSettings`.
    """
    seed = study.settings.seed if seed is None else seed
    steps = study.settings.decoder_steps
    training = DecoderTraining(
        crop_size=min(DecoderTraining.crop_size, study.settings.image_size),
        held_out=_HELD_OUT,
        steps=steps,
        epoch_steps=steps // math.gcd(steps, _MEASURES),
        precision="float32",  # Which other precision is fast differs from machine to machine.
        seed=seed,
    )
    return DecoderFit(network, layer, fitted_shape(layer, seed, **changes), training)


def fitted(study: Study, jobs: Mapping[Any, DecoderFit]) -> dict[Any, Fitted]:
    """Returns trained decoders by label, once they are made."""
    store = Store(study.folder)
    return {
        label: Fitted(
            reference_to(store.folder, store.path(jobs[label], DECODER_FILE)), result.trace
        )
        for label, result in study.run(jobs).items()
    }


def decoded(
    study: Study, decoders: Mapping[tuple, Fitted], images: Mapping[str, FileRef]
) -> dict[tuple, JobResult]:
    """Returns images as trained decoders make them, by the decoder's label and the image's name."""
    return study.run(
        {
            (*label, name): Decoding(decoder.file, image)
            for label, decoder in decoders.items()
            for name, image in images.items()
        }
    )


def paired(
    results: Mapping[tuple, JobResult], first: tuple, second: tuple, value: str
) -> tuple[list[float], list[float]]:
    """Returns a value of results that differ in nothing but how their labels begin.

    Args:
        results: By label.
        first: How the labels of the one begin.
        second: How those of the other begin.
        value: The value's name.
    """
    found: tuple[list[float], list[float]] = [], []
    for label, result in results.items():
        other = (*second, *label[len(first) :])
        if label[: len(first)] == first and other in results:
            found[0].append(result.values[value])
            found[1].append(results[other].values[value])
    return found


def trained_encoders(study: Study) -> dict[str, NetworkSpec]:
    """Returns the trained networks there are, and the untrained twin, scaled as random ones are.

    A decoder learns more slowly from activations of another size, which is not what is asked.
    """
    reference = next(iter(study.images().values()))
    return {
        kind: dataclasses.replace(network, reference=reference)
        for kind, network in trained_networks(study).items()
    }
