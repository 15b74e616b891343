"""Interpolation between two images in the features of a random network."""

import numpy as np

from rwkeras.experiments.figures import line_plot, picture_grid
from rwkeras.experiments.jobs.inversions import Morph
from rwkeras.experiments.report import Report, Shown
from rwkeras.experiments.statistics import Interval
from rwkeras.experiments.study import Study, cell, rows
from rwkeras.sweeps.pictures import read_picture
from rwkeras.validation import invalid_argument

_STEPS = 7


def morph(study: Study) -> Report:
    """Inverts points on the straight way between two images' activations, at several layers."""
    network = study.stacked_network()
    images = study.images()
    if len(images) < 2:
        raise invalid_argument("images", "at least two images", list(images))
    (first, image), (last, other) = list(images.items())[:2]
    shares = [n / (_STEPS - 1) for n in range(_STEPS)]
    results = study.run(
        {
            (layer, share): Morph(network, image, other, share, layer, optimizer=study.optimizer())
            for layer in study.first_layers
            for share in shares
        }
    )
    ends = [read_picture(end, study.folder) for end in (image, other)]
    lines: dict[str, list] = {
        "mixed pixels": [("", (1 - share) * ends[0] + share * ends[1]) for share in shares]
    }
    for layer in study.first_layers:
        lines[layer] = [cell(results.get((layer, share)), "distance_average") for share in shares]
    plot = {}
    for layer in study.first_layers:
        found = [share for share in shares if (layer, share) in results]
        values = [results[layer, share].values["distance_average"] for share in found]
        plot[layer] = found, [Interval(value, value, value) for value in values]
    labels = [f"{share:.2f}" for share in np.array(shares)]
    return Report(
        "Morphing",
        f"From {first} to {last}: the activations of a layer are mixed, and the mixture is "
        "inverted. Where a network is linear in the image, that is the mixture of the pixels.",
        [
            Shown(
                "morph",
                "Rows: the layer. Columns: the share of the second image. Below each picture its "
                "mean Euclidean distance to the mixture of the pixels.",
                picture_grid(labels, lines),
            ),
            Shown(
                "distance",
                "How far from the mixture of the pixels.",
                line_plot(plot, x="share of the second image", y="mean Euclidean distance"),
            ),
        ],
        {"morph": rows(results, ["layer", "share"])},
        notes=study.notes,
    )
