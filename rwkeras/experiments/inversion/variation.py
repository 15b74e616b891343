"""Variation of inversions over networks of one kind."""

from rwkeras.experiments.conditions import (
    by_stride,
    condition_jobs,
    efficientnet_conditions,
    purely_random,
    stacked,
)
from rwkeras.experiments.figures import boxes, pictures
from rwkeras.experiments.report import Report, value_rows
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame

# Step between the layers that are used, to limit the number of inversions.
_LAYER_STEP = 2


def variation(study: Study) -> Report:
    """Variation over networks.

    Each image is recovered from several networks of each kind, with different starting noise. The
    weights of the trained network are fixed, so its variation is that of the noise.
    """
    draws = study.draws()
    reseeded = [draw.reseeded(n) for draw in draws for n in range(study.settings.networks)]
    layers = by_stride(study.first_layers, 1)
    conditions = [
        stacked(study, layers, reseeded),
        purely_random(study, layers),
        *efficientnet_conditions(study)[:2],
    ]
    thinned = [
        condition._replace(layers=dict(list(condition.layers.items())[::_LAYER_STEP]))
        for condition in conditions
    ]
    results = study.run(condition_jobs(thinned, reseeded, study.inversion))
    table = frame(value_rows(results, "distance"))
    source = study.picture(draws[0])
    return Report(table, [boxes(table, "distance"), pictures(results, "distance", source)])
