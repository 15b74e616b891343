"""Inversion from every layer of a random network, in adaptive coordinates."""

from collections.abc import Mapping, Sequence
from typing import Any

from rwkeras.experiments.conditions import by_name, condition_jobs, purely_random, stacked
from rwkeras.experiments.figures import lines, pictures
from rwkeras.experiments.jobs.structure import contours
from rwkeras.experiments.report import Report, value_rows
from rwkeras.experiments.study import Draw, Study
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.sweeps.jobs import JobResult

# Number of fully connected layers from which contours are visible according to the papers.
_TOP_LAYERS = 2


def layers(study: Study) -> Report:
    """Inversion from every layer.

    Images are recovered in adaptive coordinates, starting from noise, from every conv and pooling
    layer of stacked networks and from the first two fully connected layers of random networks.
    """
    draws = study.draws()
    network = stacked(study, by_name(study.layers), draws)
    results = study.run(condition_jobs([network], draws, study.inversion))
    architecture = ARCHITECTURES[study.settings.architecture]
    large = study.draws(size=architecture.top_size)
    top = purely_random(study, by_name(architecture.top_layers[:_TOP_LAYERS]), top=True)
    from_top = study.run(condition_jobs([top], large, study.inversion))
    values = "psnr_db", "distance"
    rows = value_rows(results, *values) + value_rows(from_top, *values)
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
        correlations = {n: contours(result.pictures["picture"], x) for n, x in sources.items()}
        rows.append(row(sample, "contours", correlations.pop(sample.draw)))
        chance = sum(correlations.values()) / max(1, len(correlations))
        rows.append(row(sample, "contours_by_chance", chance))
    return rows
