"""Networks stacked on one image and used on another."""

from rwkeras.experiments.conditions import (
    Condition,
    by_name,
    condition_jobs,
    stack_networks,
    stacked,
)
from rwkeras.experiments.figures import bars, pictures
from rwkeras.experiments.report import Report, value_rows
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame

SAME_IMAGE, OTHER_IMAGE = "stacked on the image itself", "stacked on another photograph"


def transfer(study: Study) -> Report:
    """Transfer between reference images.

    Networks are stacked on the image to be recovered and, with the same seed, on another
    photograph. Images are recovered from a deep layer of both.
    """
    draws, small = study.draws(), study.draws(size=study.settings.stack_size)
    layers = by_name(study.first_layers[-1:])
    networks = stack_networks(study, {draw.seed: (draw.image, draw.seed) for draw in small})
    own = Condition(SAME_IMAGE, lambda draw: networks[draw.seed], layers)
    other = stacked(study, layers, draws)._replace(name=OTHER_IMAGE)
    results = study.run(condition_jobs([own, other], draws, study.inversion))
    table = frame(value_rows(results, "distance"))
    source = study.picture(draws[0])
    return Report(table, [bars(table, "distance"), pictures(results, "distance", source)])
