"""Style transfer with random and trained networks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rwkeras.experiments.conditions import condition_jobs, efficientnet_conditions, stacked
from rwkeras.experiments.figures import Cell, ReportFigure, bars, picture_grid
from rwkeras.experiments.jobs.syntheses import Style
from rwkeras.experiments.report import Report, value_rows
from rwkeras.experiments.study import Draw, Study
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.metrics import ssim
from rwkeras.sweeps.jobs import JobResult
from rwkeras.tasks.presets import STYLE_PRESETS

_VALUES = ("patch_distance_style", "patch_distance_content", "ssim_content")


def styles(study: Study) -> Report:
    """Style transfer.

    Each photograph is repainted over pixels in the style of a texture from another photograph, with
    stacked networks and with EfficientNet-Lite0, trained and untrained.
    """
    draws, paintings = study.draws(), study.draws("styles")
    style_of = {draw.number: paintings[draw.number % len(paintings)] for draw in draws}
    vgg = stacked(study, {"": ""}, draws, subtract_mean=True)
    conditions = [vgg._replace(arguments={"style_layers": study.first_layers})]
    for condition in efficientnet_conditions(study):
        layers = tuple(condition.layers.values())
        # The content layer has stride 2, as conv2_2 of a VGG.
        given = {"content_layers": layers[:1], "style_layers": layers}
        conditions.append(condition._replace(layers={"": ""}, arguments=given))
    optimizer = study.optimizer(parametrization="pixels")

    def job(network: Any, draw: Draw, _: str, **layers: Any) -> Style:
        settings = replace(STYLE_PRESETS["painting"], scales=None, seed=draw.seed, **layers)
        return Style(network, draw.image, style_of[draw.number].image, settings, optimizer)

    results = study.run(condition_jobs(conditions, draws, job))
    table = frame(value_rows(results, *_VALUES) + _by_chance(study, results))
    cells: dict[str, list[Cell]] = {
        "content": [("", study.picture(draw)) for draw in draws],
        "style": [("", study.picture(style)) for style in style_of.values()],
    }
    for sample, result in results.items():
        label = f"SSIM {result.values['ssim_content']:.2f}"
        cells.setdefault(sample.network, []).append((label, result.pictures["picture"]))
    shown = ReportFigure("styles", "One draw per column.", picture_grid([""] * len(draws), cells))
    return Report(table, [shown, *(bars(table, value) for value in _VALUES)])


def _by_chance(study: Study, results: Mapping[Sample, JobResult]) -> list[dict[str, Any]]:
    """Returns rows with the mean SSIM of each picture to the contents of the other draws."""
    sources = [study.picture(draw) for draw in study.draws()]
    rows = []
    for sample, result in results.items():
        others = [source for n, source in enumerate(sources) if n != sample.draw]
        found = [float(ssim(result.pictures["picture"], other)[0]) for other in others]
        rows.append(row(sample, "ssim_by_chance", sum(found) / max(1, len(found))))
    return rows
