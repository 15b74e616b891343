"""Networks stacked on one image and used on another."""

from rwkeras.experiments.conditions import Condition, by_name, over, stacked, stacks
from rwkeras.experiments.figures import bars, pictures
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame

OWN, OTHER = "stacked on the image itself", "stacked on another photograph"


def transfer(study: Study) -> Report:
    """Transfer between reference images.

    Networks are stacked on the image to be recovered and, with the same seed, on another
    photograph. Images are recovered from a deep layer of both.
    """
    draws, small = study.draws(), study.draws(size=study.settings.stack_size)
    layers = by_name(study.first_layers[-1:])
    made = stacks(study, {draw.seed: (draw.image, draw.seed) for draw in small})
    own = Condition(OWN, lambda draw: made[draw.seed], layers)
    other = stacked(study, layers, draws)._replace(name=OTHER)
    results = study.run(over([own, other], draws, study.inversion))
    table = frame(measured(results, "distance"))
    source = study.picture(draws[0])
    return Report(table, [bars(table, "distance"), pictures(results, "distance", source)])
