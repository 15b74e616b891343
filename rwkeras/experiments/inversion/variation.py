"""How unevenly images are recovered from networks of one kind."""

from rwkeras.experiments.conditions import by_stride, over, purely_random, stacked, twins
from rwkeras.experiments.figures import box_plot, result_grid
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import chosen, frame
from rwkeras.sweeps.pictures import read_picture

# Of the stages' first layers, every second: every network more costs an inversion at each.
_EVERY = 2


def variation(study: Study) -> Report:
    """Recovers each image from several networks of each kind."""
    draws = study.draws()
    again = [draw.again(n) for draw in draws for n in range(study.settings.networks)]
    names = by_stride(study.first_layers, 1)
    layers = dict(list(names.items())[::_EVERY])
    kinds = [stacked(study, layers, again), purely_random(study, layers)]
    for kind in twins(study):
        kinds.append(kind._replace(layers=dict(list(kind.layers.items())[::_EVERY])))
    results = study.run(over(kinds, again, study.inversion))
    table = frame(measured(results, {"distance": "distance"}))
    first = chosen(table, {"draw": 0, "measure": "distance"})
    return Report(
        "Variation over networks",
        f"Each image is recovered from {study.settings.networks} networks of each kind, each from "
        "another noise. Trained networks are always the same, so that theirs is the noise's.",
        table,
        [
            Shown(
                "variation",
                f"{draws[0].name}: minimum, quartiles, mean and maximum over networks.",
                box_plot(first, y="mean Euclidean distance"),
            ),
            Shown(
                "pictures",
                f"{draws[0].name}; below each its mean Euclidean distance.",
                result_grid(results, "distance", source=read_picture(draws[0].image, study.folder)),
            ),
        ],
    )
