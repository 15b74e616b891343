"""Variation of inversions over networks of one kind."""

from rwkeras.experiments.conditions import by_stride, over, purely_random, stacked, twins
from rwkeras.experiments.figures import boxes, pictures
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame

# Step between the layers that are used, to limit the number of inversions.
_EVERY = 2


def variation(study: Study) -> Report:
    """Variation over networks.

    Each image is recovered from several networks of each kind, with different starting noise. The
    weights of the trained network are fixed, so its variation is that of the noise.
    """
    draws = study.draws()
    again = [draw.again(n) for draw in draws for n in range(study.settings.networks)]
    layers = by_stride(study.first_layers, 1)
    kinds = [stacked(study, layers, again), purely_random(study, layers), *twins(study)[:2]]
    few = [kind._replace(layers=dict(list(kind.layers.items())[::_EVERY])) for kind in kinds]
    results = study.run(over(few, again, study.inversion))
    table = frame(measured(results, "distance"))
    source = study.picture(draws[0])
    return Report(table, [boxes(table, "distance"), pictures(results, "distance", source)])
