"""Decoders of networks whose weights have different distributions."""

from collections.abc import Mapping

from rwkeras.experiments.feature_maps import narrow_network
from rwkeras.experiments.figures import box_plot, picture_grid
from rwkeras.experiments.fits import (
    SOURCE,
    decoded,
    fit,
    fitted,
    middle_layer,
    paired,
    trained_encoders,
)
from rwkeras.experiments.report import Claim, Report, Shown, above, within
from rwkeras.experiments.rivals import TRAINED
from rwkeras.experiments.statistics import mean_difference
from rwkeras.experiments.study import Study, cell, column, rows
from rwkeras.networks.initializers import INITIALIZERS
from rwkeras.networks.vgg import VGG19
from rwkeras.rotation.settings import RotationSettings
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

# Of "he" and "gaussian" the scale alone differs, which is made the same.
_KINDS = tuple(kind for kind in INITIALIZERS if kind != "he")
# PSNR that differs by less counts as the same, in dB.
_SAME = 1.0


def decoder_distributions(study: Study) -> Report:
    """Trains decoders on networks whose weights have different distributions."""
    images, layer = study.images(), middle_layer(study)
    rival = trained_encoders(study)[TRAINED]
    jobs = {}
    for n in study.seeds:
        jobs[TRAINED, n] = fit(study, rival, layer, n)
        for kind in _KINDS:
            network = narrow_network(study, VGG19, RotationSettings.width, layer, n, kind)
            jobs[kind, n] = fit(study, network, layer, n)
    results = decoded(study, fitted(study, jobs), images)
    kinds = [*_KINDS, TRAINED]
    boxes = {
        _short(kind): {layer: found}
        for kind in kinds
        if (found := column(results, "psnr_db", p0=kind))
    }
    first = study.settings.seed
    lines = {
        name: [
            ("source", read_picture(image, study.folder)),
            *(cell(results.get((kind, first, name)), "psnr_db", 1) for kind in kinds),
        ]
        for name, image in images.items()
    }
    claims = []
    for kind in _KINDS:
        claims.append(_beats(results, kind))
        if kind != "gaussian":
            claims.append(_like_gaussian(results, kind))
    study.notes.append(
        "Samples differ in the weights of random encoders, and in the decoder's and its training. "
        "'he' is 'gaussian' of another scale, which makes no difference here."
    )
    return Report(
        "Decoders of several distributions of random weights",
        f"A DeCNN learns to decode {layer} of a VGG-19 of a quarter of the filters, whose weights "
        "are of every kind, or trained to tell the rotation of crops. All networks are scaled on "
        "the first image to activations of mean 1.",
        [
            Shown("accuracy", "Over images and seeds.", box_plot(boxes, y="PSNR, dB")),
            Shown(
                "pictures",
                "Decoded images; below each its PSNR, dB.",
                picture_grid(["", *map(_short, kinds)], lines),
            ),
        ],
        {"decodings": rows(results, ["weights", "seed", "image"])},
        claims,
        study.notes,
    )


def _short(kind: str) -> str:
    return "trained" if kind == TRAINED else kind


def _beats(results: Mapping[tuple, JobResult], kind: str) -> Claim:
    """Returns the claim that decoders of a kind of random weights beat those of trained ones."""
    interval = mean_difference(*paired(results, (kind,), (TRAINED,), "psnr_db"))
    return Claim(
        "No matter which type of random distribution, a DeCNN trained on a random CNN is more "
        f"accurate than one on a trained CNN: {kind}.",
        SOURCE,
        above(interval),
        f"Difference of the PSNR to '{TRAINED}', dB, over seeds and images: {interval}.",
        "accuracy",
    )


def _like_gaussian(results: Mapping[tuple, JobResult], kind: str) -> Claim:
    """Returns the claim that a kind of random weights does as well as Gaussian ones."""
    interval = mean_difference(*paired(results, (kind,), ("gaussian",), "psnr_db"))
    return Claim(
        f"The distribution does not matter: {kind} is as accurate as gaussian.",
        SOURCE,
        within(interval, _SAME),
        f"Difference of the PSNR, dB, over seeds and images: {interval}; {_SAME:.0f} dB either way "
        "counts as the same.",
        "accuracy",
    )
