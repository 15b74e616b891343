"""Distance of images recovered over pixels, as in the papers, by layer."""

from rwkeras.experiments.conditions import by_name, over, stacked, twins
from rwkeras.experiments.figures import line_plot, result_grid
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import chosen, frame
from rwkeras.sweeps.pictures import read_picture


def distances(study: Study) -> Report:
    """Measures the mean Euclidean distance of inversions over pixels from each layer."""
    draws = study.draws()
    kinds = [stacked(study, by_name(study.layers), draws), *twins(study)]
    kinds = [kind._replace(arguments={"parametrization": "pixels"}) for kind in kinds]
    vgg = study.run(over(kinds[:1], draws, study.inversion))
    lite = study.run(over(kinds[1:], draws, study.inversion))
    measures = {"distance": "distance", "psnr_db": "psnr_db"}
    tables = [frame(measured(results, measures)) for results in (vgg, lite)]
    source = read_picture(draws[0].image, study.folder)
    figures = []
    for name, results, table in zip(("vgg", "lite"), (vgg, lite), tables, strict=True):
        of_distance = chosen(table, {"measure": "distance"})
        figures += [
            Shown(
                name,
                "Means over draws, with 95 % t intervals.",
                line_plot(of_distance, x="layer", y="mean Euclidean distance"),
            ),
            Shown(
                f"{name}_pictures",
                f"{draws[0].name}; below each its mean Euclidean distance.",
                result_grid(results, "distance", source=source),
            ),
        ]
    return Report(
        "Distance by layer",
        "The mean Euclidean distance of pixels in [0, 1] between images and what is recovered of "
        "them, over pixels as in the papers: from each layer of stacked networks, and from "
        "EfficientNet-Lite0, trained and untrained.",
        frame([*tables[0].to_dict("records"), *tables[1].to_dict("records")]),
        figures,
    )
