"""Inversion from every layer of a random network, by the best inverter there is."""

from collections.abc import Mapping, Sequence
from typing import Any

from rwkeras.experiments.conditions import by_name, over, purely_random, stacked
from rwkeras.experiments.figures import lines, pictures
from rwkeras.experiments.jobs.structure import contours
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Draw, Study
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.sweeps.jobs import JobResult

# How many of the fully connected layers the papers see contours from.
_TOP = 2


def layers(study: Study) -> Report:
    """Inversion from every layer.

    Images are recovered, from noise and in adaptive coordinates, from every conv and pooling layer
    of stacked networks, and from fully connected layers of networks that are drawn at random.
    """
    draws = study.draws()
    network = stacked(study, by_name(study.layers), draws)
    results = study.run(over([network], draws, study.inversion))
    architecture = ARCHITECTURES[study.settings.architecture]
    large = study.draws(size=architecture.top_size)
    top = purely_random(study, by_name(architecture.top_layers[:_TOP]), top=True)
    from_top = study.run(over([top], large, study.inversion))
    values = "psnr_db", "distance"
    rows = measured(results, *values) + measured(from_top, *values)
    table = frame([*rows, *_contours(study, large, from_top)])
    return Report(
        table,
        [
            lines(table, "psnr_db"),
            pictures(results, "psnr_db", study.picture(draws[0])),
            pictures(from_top, "psnr_db", study.picture(large[0]), name="top"),
        ],
    )


def _contours(
    study: Study, draws: Sequence[Draw], results: Mapping[Sample, JobResult]
) -> list[dict[str, Any]]:
    """Returns how like the sources' contours are, and how like those of the other images."""
    sources = {draw.number: study.picture(draw) for draw in draws}
    rows = []
    for sample, result in results.items():
        alike = {n: contours(result.pictures["picture"], x) for n, x in sources.items()}
        rows.append(row(sample, "contours", alike.pop(sample.draw)))
        chance = sum(alike.values()) / max(1, len(alike))
        rows.append(row(sample, "contours_by_chance", chance))
    return rows
