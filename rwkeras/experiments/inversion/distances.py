"""Distance between images and their inversions over pixels, as in the papers, by layer."""

from rwkeras.experiments.conditions import by_name, condition_jobs, efficientnet_conditions, stacked
from rwkeras.experiments.figures import lines, pictures
from rwkeras.experiments.report import Report, value_rows
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame


def distances(study: Study) -> Report:
    """Distance by layer.

    The mean Euclidean distance between images and their inversions, for pixels in [0, 1]. Inversion
    is over pixels, as in the papers, from each layer of stacked networks and from several layers of
    EfficientNet-Lite0, trained and untrained.
    """
    draws = study.draws()
    rows, figures = [], []
    for name, conditions in (
        ("vgg", [stacked(study, by_name(study.layers), draws)]),
        ("lite", efficientnet_conditions(study)),
    ):
        results = study.run(
            condition_jobs(conditions, draws, study.inversion, parametrization="pixels")
        )
        own = value_rows(results, "distance", "psnr_db")
        figures.append(lines(frame(own), "distance", name=name))
        source = study.picture(draws[0])
        figures.append(pictures(results, "distance", source, name=f"{name}_pictures"))
        rows += own
    return Report(frame(rows), figures)
