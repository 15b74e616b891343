"""Kinds of randomness, by what is recovered and painted with each."""

from rwkeras.experiments.conditions import Condition, by_name, over
from rwkeras.experiments.figures import bar_plot, result_grid
from rwkeras.experiments.jobs.syntheses import Texture
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Draw, Study
from rwkeras.experiments.table import chosen, frame
from rwkeras.networks.initializers import INITIALIZERS
from rwkeras.sweeps.pictures import read_picture

_DISTANCE = "relative_patch_distance"


def distributions(study: Study) -> Report:
    """Recovers images and makes textures with weights of every kind of randomness."""
    draws, textures = study.draws(), study.draws("textures")
    layer = study.first_layers[-2]
    kinds = [_drawn(study, kind, layer) for kind in INITIALIZERS]
    inversions = study.run(over(kinds, draws, study.inversion))
    painted = study.run(
        over(
            [_drawn(study, kind, "texture", subtract_mean=True) for kind in INITIALIZERS],
            textures,
            lambda network, draw, _: Texture(
                network,
                draw.image,
                study.first_layers[:4],
                draw.seed,
                study.optimizer(parametrization="pixels"),
            ),
        )
    )
    table = frame(
        measured(inversions, {"distance": "distance"}) + measured(painted, {_DISTANCE: _DISTANCE})
    )
    source = read_picture(draws[0].image, study.folder)
    texture = read_picture(textures[0].image, study.folder)
    over_draws = "Means over draws, with 95 % t intervals."
    return Report(
        "Distributions of random weights",
        f"Images are recovered from {layer}, and textures made, with weights of every kind.",
        table,
        [
            Shown(
                "distances",
                over_draws,
                bar_plot(chosen(table, {"measure": "distance"}), x="mean Euclidean distance"),
            ),
            Shown(
                "textures",
                over_draws,
                bar_plot(chosen(table, {"measure": _DISTANCE}), x="relative patch distance"),
            ),
            Shown(
                "pictures",
                f"{draws[0].name}; below each its mean Euclidean distance.",
                result_grid(inversions, "distance", source=source),
            ),
            Shown(
                "painted",
                f"{textures[0].name}; below each its patches' distance relative to noise.",
                result_grid(painted, _DISTANCE, source=texture),
            ),
        ],
    )


def _drawn(study: Study, kind: str, layer: str, **arguments) -> Condition:
    """Returns networks of one kind of randomness."""

    def network(draw: Draw):
        return study.random(draw, initializer=kind, **arguments)

    return Condition(kind, network, by_name([layer]))
