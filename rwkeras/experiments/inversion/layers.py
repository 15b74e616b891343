"""Inversion from every layer of a random network, by the best inverter there is."""

from collections.abc import Mapping
from typing import Any

from rwkeras.experiments.conditions import Condition, by_name, over, purely_random, stacked
from rwkeras.experiments.figures import line_plot, result_grid
from rwkeras.experiments.jobs.structure import contours
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Draw, Study
from rwkeras.experiments.table import Sample, chosen, frame, row
from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

# How many of the fully connected layers the papers see contours from.
_TOP = 2


def layers(study: Study) -> Report:
    """Inverts images from every conv, pooling and fully connected layer."""
    draws = study.draws()
    network = stacked(study, by_name(study.layers), draws)
    results = study.run(over([network], draws, study.inversion))
    architecture = ARCHITECTURES[study.settings.architecture]
    large = study.draws(size=architecture.top_size)
    top = _with_top(study, architecture.top_layers[:_TOP])
    from_top = study.run(over([top], large, study.inversion))
    measures = {"psnr_db": "psnr_db", "distance": "distance"}
    rows = measured(results, measures) + measured(from_top, measures)
    table = frame([*rows, *_contours(study, large, from_top)])
    return Report(
        "Inversion from every layer",
        "Images are recovered, from noise and in adaptive coordinates, from every conv and pooling "
        f"layer of stacked networks, and at {architecture.top_size} x {architecture.top_size} from "
        "fully connected layers of networks that are drawn at random.",
        table,
        [
            Shown(
                "psnr",
                "Means over draws, with 95 % t intervals.",
                line_plot(chosen(table, {"measure": "psnr_db"}), x="layer", y="PSNR, dB"),
            ),
            Shown(
                "pictures",
                f"{draws[0].name}; below each its PSNR, dB.",
                result_grid(results, "psnr_db", source=read_picture(draws[0].image, study.folder)),
            ),
            Shown(
                "top",
                f"{draws[0].name}, from fully connected layers; below each its PSNR, dB.",
                result_grid(from_top, "psnr_db", source=read_picture(large[0].image, study.folder)),
            ),
        ],
    )


def _with_top(study: Study, layers: tuple[str, ...]) -> Condition:
    return purely_random(study, by_name(layers), top=True)


def _contours(
    study: Study, draws: list[Draw], results: Mapping[Sample, JobResult]
) -> list[dict[str, Any]]:
    """Returns how like the sources' contours are, and how like those of the other images."""
    sources = {draw.number: read_picture(draw.image, study.folder) for draw in draws}
    rows = []
    for sample, result in results.items():
        alike = {n: contours(result.pictures["picture"], x) for n, x in sources.items()}
        own = alike.pop(sample.draw)
        chance = sum(alike.values()) / len(alike) if alike else float("nan")
        rows.append(row(sample, "contours", own))
        rows.append(row(sample, "contours_by_chance", chance))
    return rows
