"""Decoders on shifted, rotated, scaled and relit images."""

from collections.abc import Mapping
from typing import Any

from rwkeras.experiments.conditions import by_name, over, purely_random
from rwkeras.experiments.decoding.fits import decoder_layers, fit, fitted, untrained
from rwkeras.experiments.decoding.untrained_decoders import untrained_decodings
from rwkeras.experiments.figures import Cell, line_plot, picture_grid
from rwkeras.experiments.jobs.equivariance import (
    GEOMETRIC,
    PHOTOMETRIC,
    TRANSFORMS,
    Equivariance,
    transformed,
)
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, chosen, frame, row
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

TRAINED, UNTRAINED = "trained decoder", "untrained decoder"
_COLORS = ("color_explained", "color_correlation")


def invariance(study: Study) -> Report:
    """Decodes transformed images, with and without training, and compares what comes out."""
    draws, layers = study.draws(), decoder_layers(study)
    network = purely_random(study, by_name(layers))
    trained = fitted(
        study, over([network], draws, lambda net, draw, layer: fit(study, net, draw, layer))
    )
    images = {draw.number: draw.image for draw in draws}
    jobs = {
        sample._replace(network=TRAINED): Equivariance(each.file, images[sample.draw])
        for sample, each in trained.items()
    }
    jobs |= over(
        [network._replace(name=UNTRAINED)],
        draws,
        lambda net, draw, layer: Equivariance(untrained(net, draw, layer), draw.image),
    )
    results = study.run(jobs)
    plain = {
        sample._replace(network=UNTRAINED): result
        for sample, result in untrained_decodings(study, layers).items()
    }
    table = frame([*_followed(results), *measured(plain, {name: name for name in _COLORS})])
    figures = [Shown("pictures", _CAPTION.format(draws[0].name), _pictures(study, results))]
    for measure, transforms, y in (
        ("error share", GEOMETRIC, "share of the change that is not as the transform has it"),
        ("alike", PHOTOMETRIC, "correlation"),
    ):
        for name in transforms:
            shown = chosen(table, {"measure": f"{measure}, {name}"})
            caption = f"{name}: means over draws, with 95 % t intervals."
            figures.append(Shown(name.replace(" ", "_"), caption, line_plot(shown, x="layer", y=y)))
    return Report(
        "Geometric and photometric invariance",
        "f encodes an image with a random network and decodes it, with a trained DeCNN or with one "
        "of random weights. For each transform T of the image x, f(T x) is compared with T f(x), "
        "which it is where f follows T, and with f(x), in the middle half of each side. Pixels of "
        "brighter images are not cut off at 1. What untrained decoders give is scaled to the "
        "source's standard deviation.",
        table,
        figures,
    )


_CAPTION = "{} and what the largest of each transform makes of it, above; below, decoded."


def _followed(results: Mapping[Sample, JobResult]) -> list[dict[str, Any]]:
    """Returns how far decoders follow transforms: all of a kind, and one by one.

    "error share" is the sum over transforms of ||f(T x) - T f(x)||^2 over that of ||f(T x) -
    f(x)||^2; "alike" is the mean correlation of f(T x) with f(x).
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


def _pictures(study: Study, results: Mapping[Sample, JobResult]) -> Any:
    """Draws the first image after each transform, and what decoders make of it."""
    source = read_picture(study.draws()[0].image, study.folder)
    largest = [transformed(source, name, each.sizes[-1]) for name, each in TRANSFORMS.items()]
    lines: dict[str, list[Cell]] = {"x": [("", picture) for picture in (source, *largest)]}
    names = ["picture", *(name.replace(" ", "_") for name in TRANSFORMS)]
    for sample, result in results.items():
        if sample.draw == 0:
            cells: list[Cell] = [("", result.pictures[name]) for name in names]
            lines[f"{sample.layer},\n{sample.network}"] = cells
    return picture_grid(["", *TRANSFORMS], lines)
