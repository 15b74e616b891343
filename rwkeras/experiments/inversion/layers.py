"""Inversion from every layer of a random network, in adaptive coordinates."""

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

# Number of fully connected layers from which contours are visible according to the papers.
_TOP = 2


def layers(study: Study) -> Report:
    """Inversion from every layer.

    Images are recovered in adaptive coordinates, starting from noise, from every conv and pooling
    layer of stacked networks and from the first two fully connected layers of random networks.
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
    """Returns rows with the correlation of contours with those of the source, and by chance.

    The chance level is the mean correlation with the contours of the other draws' images.
    """
    sources = {draw.number: study.picture(draw) for draw in draws}
    rows = []
    for sample, result in results.items():
        alike = {n: contours(result.pictures["picture"], x) for n, x in sources.items()}
        rows.append(row(sample, "contours", alike.pop(sample.draw)))
        chance = sum(alike.values()) / max(1, len(alike))
        rows.append(row(sample, "contours_by_chance", chance))
    return rows
