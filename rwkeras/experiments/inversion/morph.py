"""Interpolation between two images in the features of a random network."""

from rwkeras.experiments.conditions import by_name, stacked
from rwkeras.experiments.figures import Cell, line_plot, picture_grid
from rwkeras.experiments.jobs.inversions import Morph
from rwkeras.experiments.report import Report, Shown
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.sweeps.pictures import read_picture
from rwkeras.validation import invalid_argument

_STEPS = 7


def morph(study: Study) -> Report:
    """Inverts points on the straight way between two images' activations, at several layers."""
    draws = study.draws()
    if len(draws) < 2:
        raise invalid_argument("images", "at least two images", [draw.name for draw in draws])
    first, last = draws[:2]
    network = stacked(study, by_name(study.first_layers), [first])
    shares = [n / (_STEPS - 1) for n in range(_STEPS)]
    spec = network.network(first)
    results = study.run(
        {
            (layer, share): Morph(
                spec, first.image, last.image, share, layer, first.seed, study.optimizer()
            )
            for layer in network.layers
            for share in shares
        }
    )
    ends = [read_picture(draw.image, study.folder) for draw in (first, last)]
    lines: dict[str, list[Cell]] = {
        "mixed pixels": [("", (1 - share) * ends[0] + share * ends[1]) for share in shares]
    }
    rows = []
    for (layer, share), result in results.items():
        distance = result.values["distance_average"]
        lines.setdefault(layer, []).append((f"{distance:.3f}", result.pictures["picture"]))
        sample = Sample(0, network.name, first.seed, f"{first.name} to {last.name}", layer)
        rows.append(row(sample, "distance to mixed pixels", distance, iteration=share))
    table = frame(rows)
    return Report(
        "Morphing",
        f"From {first.name} to {last.name}: the activations of a layer are mixed, and the mixture "
        "is inverted. Where a network is linear in the image, that is the mixture of the pixels. "
        "In the table, `iteration` is the share of the second image.",
        table,
        [
            Shown(
                "pictures",
                "Rows: the layer. Columns: the share of the second image. Below each picture its "
                "mean Euclidean distance to the mixture of the pixels.",
                picture_grid([f"{share:.2f}" for share in shares], lines),
            ),
            Shown(
                "distance",
                "How far from the mixture of the pixels.",
                line_plot(table, x="iteration", y="mean Euclidean distance", series="layer"),
            ),
        ],
    )
