"""Photographs in styles, by random and by trained networks."""

from collections.abc import Mapping
from typing import Any

from rwkeras.experiments.conditions import over, stacked, twins
from rwkeras.experiments.figures import Cell, box_plot, picture_grid
from rwkeras.experiments.jobs.syntheses import Style
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, chosen, frame, row
from rwkeras.metrics import ssim
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

_MEASURES = ("patch_distance_style", "patch_distance_content", "ssim_content")
# Of EfficientNet-Lite0, the content: as conv2_2 of a VGG, a layer of stride 2.
_CONTENT = 0


def styles(study: Study) -> Report:
    """Repaints a photograph in a style for each draw."""
    draws, found = study.draws(), study.draws("styles")
    styles_of = {draw.number: found[(draw.number + 1) % len(found)].image for draw in draws}
    vgg = stacked(study, {"": ""}, draws, subtract_mean=True)
    kinds = [vgg._replace(arguments={"style_layers": study.first_layers})]
    for kind in twins(study):
        layers = tuple(kind.layers.values())
        given = {"content_layers": layers[_CONTENT : _CONTENT + 1], "style_layers": layers}
        kinds.append(kind._replace(layers={"": ""}, arguments=given))
    optimizer = study.optimizer(parametrization="pixels")

    def job(network, draw, _, **layers):
        style = styles_of[draw.number]
        return Style(network, draw.image, style, seed=draw.seed, optimizer=optimizer, **layers)

    results = study.run(over(kinds, draws, job))
    rows = measured(results, {name: name for name in _MEASURES})
    table = frame([*rows, *_by_chance(study, results)])
    lines: dict[str, list[Cell]] = {"content": [], "style": []}
    for draw in draws:
        for name, image in (("content", draw.image), ("style", styles_of[draw.number])):
            lines[name].append(("", read_picture(image, study.folder)))
    for sample, result in results.items():
        label = f"SSIM {result.values['ssim_content']:.2f}"
        lines.setdefault(sample.network, []).append((label, result.pictures["picture"]))
    return Report(
        "Contents in styles",
        "Each photograph is repainted over pixels in the style of a texture of another: by stacked "
        "networks, and by EfficientNet-Lite0 trained and untrained.",
        table,
        [
            Shown("styles", "A draw a column.", picture_grid([""] * len(draws), lines)),
            Shown(
                "distances",
                "Distance of patches to the style's, of the picture and of the content.",
                box_plot(
                    chosen(table, {"measure": _MEASURES[:2]}), y="patch distance", group="measure"
                ),
            ),
        ],
    )


def _by_chance(study: Study, results: Mapping[Sample, JobResult]) -> list[dict[str, Any]]:
    """Returns how like the contents of the other draws each picture is, on average."""
    sources = [read_picture(draw.image, study.folder) for draw in study.draws()]
    rows = []
    for sample, result in results.items():
        others = [source for n, source in enumerate(sources) if n != sample.draw]
        found = [float(ssim(result.pictures["picture"], other)[0]) for other in others]
        rows.append(row(sample, "ssim_by_chance", sum(found) / max(1, len(found))))
    return rows
