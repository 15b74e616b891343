"""Distributions of random weights, compared by inversion and by texture synthesis."""

from functools import partial
from typing import Any

from rwkeras.experiments.conditions import Condition, by_name, over
from rwkeras.experiments.figures import bars, pictures
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame
from rwkeras.networks.initializers import INITIALIZERS

_DISTANCE = "relative_patch_distance"


def distributions(study: Study) -> Report:
    """Distributions of random weights.

    With weights of each distribution, images are recovered from a deep layer, and textures are
    synthesised from the first layers of four stages.
    """
    draws, textures = study.draws(), study.draws("textures")
    layer, painters = study.first_layers[-2], study.first_layers[:4]
    inversions = study.run(over(_kinds(study, by_name([layer])), draws, study.inversion))
    kinds = _kinds(study, {"texture": painters}, subtract_mean=True)
    painted = study.run(over(kinds, textures, study.texture))
    table = frame(measured(inversions, "distance") + measured(painted, _DISTANCE))
    own = {"columns": "network"}
    return Report(
        table,
        [
            bars(table, "distance"),
            bars(table, _DISTANCE),
            pictures(inversions, "distance", study.picture(draws[0]), **own),
            pictures(painted, _DISTANCE, study.picture(textures[0]), name="painted", **own),
        ],
    )


def _kinds(study: Study, layers: dict[str, Any], **arguments: Any) -> list[Condition]:
    """Returns the conditions of random networks, one for each distribution of weights."""
    return [
        Condition(kind, partial(study.random, initializer=kind, **arguments), layers)
        for kind in INITIALIZERS
    ]
