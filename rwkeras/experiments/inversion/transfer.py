"""Networks stacked on one image and used on another."""

from rwkeras.experiments.conditions import Condition, by_name, over, stacked, stacks
from rwkeras.experiments.figures import bar_plot, result_grid
from rwkeras.experiments.images import put_images
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import chosen, frame
from rwkeras.sweeps.pictures import read_picture

OWN, OTHER = "stacked on the image itself", "stacked on another photograph"


def transfer(study: Study) -> Report:
    """Recovers images from networks stacked on them, and from networks stacked on others."""
    draws, settings = study.draws(), study.settings
    layers = by_name(study.first_layers[-1:])
    paths = study.paths.get("images", ())
    small = put_images(study.folder, "images", paths, settings.stack_size, settings.samples)
    made = stacks(study, {draw.seed: (small[draw.name], draw.seed) for draw in draws})
    own = Condition(OWN, lambda draw: made[draw.seed], layers)
    other = stacked(study, layers, draws)._replace(name=OTHER)
    results = study.run(over([own, other], draws, study.inversion))
    table = frame(measured(results, {"distance": "distance"}))
    return Report(
        "Transfer between reference images",
        "Networks are stacked on the image that is recovered, and, from the same seed, on another "
        "photograph, which tuned the package.",
        table,
        [
            Shown(
                "transfer",
                "Means over draws, with 95 % t intervals.",
                bar_plot(chosen(table, {"measure": "distance"}), x="mean Euclidean distance"),
            ),
            Shown(
                "pictures",
                f"{draws[0].name}; below each its mean Euclidean distance.",
                result_grid(results, "distance", source=read_picture(draws[0].image, study.folder)),
            ),
        ],
    )
