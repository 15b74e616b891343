"""Decoders on shifted, rotated, scaled and relit images."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from rwkeras.experiments.conditions import by_name, condition_jobs, purely_random
from rwkeras.experiments.decoding.fits import (
    decoder_layers,
    fit_job,
    train_decoders,
    untrained_decoder,
)
from rwkeras.experiments.decoding.untrained_decoders import (
    color_rows,
    untrained_decodings,
)
from rwkeras.experiments.figures import Cell, ReportFigure, lines, picture_grid
from rwkeras.experiments.jobs.equivariance import (
    GEOMETRIC,
    PHOTOMETRIC,
    TRANSFORMS,
    Equivariance,
    transformed,
)
from rwkeras.experiments.report import Report
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.sweeps.jobs import Job, JobResult

_TRAINED_DECODER, UNTRAINED_DECODER = "trained decoder", "untrained decoder"


def invariance(study: Study) -> Report:
    """Geometric and photometric invariance.

    Let f encode an image x with a random network and decode it with a trained or an untrained
    DeCNN. For each transform T, f(T x) is compared with T f(x), which is equal if f is equivariant,
    and with f(x), in the middle half of each side. Pixels of brightened images are not clipped to
    1. Outputs of untrained decoders are shown scaled to the source's standard deviation.
    """
    draws, layers = study.draws(), decoder_layers(study)
    network = purely_random(study, by_name(layers))
    trained = train_decoders(study, condition_jobs([network], draws, partial(fit_job, study)))
    jobs: dict[Sample, Job] = {
        sample._replace(network=_TRAINED_DECODER): Equivariance(each.file, draws[sample.draw].image)
        for sample, each in trained.items()
    }
    jobs |= condition_jobs(
        [network._replace(name=UNTRAINED_DECODER)],
        draws,
        lambda net, draw, layer: Equivariance(untrained_decoder(net, draw, layer), draw.image),
    )
    results = study.run(jobs)
    colors = {
        sample._replace(network=UNTRAINED_DECODER): result
        for sample, result in untrained_decodings(study, layers).items()
    }
    table = frame(_equivariance_rows(results) + color_rows(study, colors))
    names = [f"error share, {name}" for name in GEOMETRIC] + [f"alike, {n}" for n in PHOTOMETRIC]
    return Report(table, [_pictures(study, results), *(lines(table, name) for name in names)])


def _equivariance_rows(results: Mapping[Sample, JobResult]) -> list[dict[str, Any]]:
    """Returns rows with the equivariance of decoders, for kinds of transforms and for each.

    "error share", of geometric transforms, is the sum of error^2 over that of output_change^2;
    "alike", of photometric transforms, is the mean correlation of f(T x) and T f(x). See
    `Equivariance.run`.
    """
    rows = []
    for sample, result in results.items():
        for several, measure in ((GEOMETRIC, "error share"), (PHOTOMETRIC, "alike")):
            for names, suffix in ((list(several), ""), *(([n], f", {n}") for n in several)):
                found = [each for each in result.trace if each["transform"] in names]
                if several is GEOMETRIC:
                    squares = [sum(r[v] ** 2 for r in found) for v in ("error", "output_change")]
                    value = squares[0] / squares[1]
                else:
                    value = sum(each["alike"] for each in found) / len(found)
                rows.append(row(sample, measure + suffix, value))
    return rows


def _pictures(study: Study, results: Mapping[Sample, JobResult]) -> ReportFigure:
    """Draws the first image under each transform, and the same decoded."""
    first = study.draws()[0]
    source = study.picture(first)
    largest = [transformed(source, name, each.sizes[-1]) for name, each in TRANSFORMS.items()]
    cells: dict[str, list[Cell]] = {"x": [("", picture) for picture in (source, *largest)]}
    names = ["picture", *(name.replace(" ", "_") for name in TRANSFORMS)]
    for sample, result in results.items():
        if sample.draw == 0:
            row = f"{sample.layer},\n{sample.network}"
            cells[row] = [("", result.pictures[name]) for name in names]
    caption = f"{first.name} and the strongest setting of each transform, above; decoded, below."
    return ReportFigure("pictures", caption, picture_grid(["", *TRANSFORMS], cells))
