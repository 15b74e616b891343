"""Interpolation between two images in the features of a random network."""

from rwkeras.experiments.conditions import by_name, stacked
from rwkeras.experiments.figures import Cell, ReportFigure, lines, picture_grid
from rwkeras.experiments.jobs.inversions import Morph
from rwkeras.experiments.report import Report
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.validation import invalid_argument

_STEPS = 7


def morph(study: Study) -> Report:
    """Morphing.

    The activations of two images at a layer are interpolated linearly, and the result is inverted.
    If the network were linear, this would be the interpolation of the pixels. In the table,
    `iteration` is the weight of the second image.
    """
    draws = study.draws()
    if len(draws) < 2:
        raise invalid_argument("images", "at least two images", [draw.name for draw in draws])
    first, last = draws[:2]
    network = stacked(study, by_name(study.first_layers), [first])
    weights = [n / (_STEPS - 1) for n in range(_STEPS)]
    ends, spec = (first.image, last.image), network.network(first)
    results = study.run(
        {
            (layer, weight): Morph(spec, *ends, weight, layer, first.seed, study.optimizer())
            for layer in network.layers
            for weight in weights
        }
    )
    mixtures = [(1 - s) * study.picture(first) + s * study.picture(last) for s in weights]
    cells: dict[str, list[Cell]] = {"mixed pixels": [("", picture) for picture in mixtures]}
    rows = []
    for (layer, weight), result in results.items():
        distance = result.values["distance_average"]
        cells.setdefault(layer, []).append((f"{distance:.3f}", result.pictures["picture"]))
        sample = Sample(0, network.name, first.seed, f"{first.name} to {last.name}", layer)
        rows.append(row(sample, "distance to mixed pixels", distance, iteration=weight))
    table = frame(rows)
    caption = (
        f"{first.name} to {last.name}; the number below each image is its distance to the mixture "
        "of the pixels."
    )
    return Report(
        table,
        [
            ReportFigure("pictures", caption, picture_grid([f"{s:.2f}" for s in weights], cells)),
            lines(table, "distance to mixed pixels", x="iteration", series="layer"),
        ],
    )
