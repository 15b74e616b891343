"""Distributions of random weights, compared by inversion and by texture synthesis."""

from functools import partial
from typing import Any

from rwkeras.experiments.conditions import Condition, by_name, condition_jobs
from rwkeras.experiments.figures import bars, pictures
from rwkeras.experiments.report import Report, value_rows
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame
from rwkeras.networks.initializers import INITIALIZERS

_DISTANCE = "relative_patch_distance"


def distributions(study: Study) -> Report:
    """Distributions of random weights.

    With weights of each distribution, images are recovered from a deep layer, and textures are
    synthesised from the first layers of four stages.
    """
    draws, texture_draws = study.draws(), study.draws("textures")
    layer, texture_layers = study.first_layers[-2], study.first_layers[:4]
    inversions = study.run(
        condition_jobs(_conditions(study, by_name([layer])), draws, study.inversion)
    )
    conditions = _conditions(study, {"texture": texture_layers}, subtract_mean=True)
    textures = study.run(condition_jobs(conditions, texture_draws, study.texture))
    table = frame(value_rows(inversions, "distance") + value_rows(textures, _DISTANCE))
    own = {"columns": "network"}
    return Report(
        table,
        [
            bars(table, "distance"),
            bars(table, _DISTANCE),
            pictures(inversions, "distance", study.picture(draws[0]), **own),
            pictures(textures, _DISTANCE, study.picture(texture_draws[0]), name="painted", **own),
        ],
    )


def _conditions(study: Study, layers: dict[str, Any], **arguments: Any) -> list[Condition]:
    """Returns the conditions of random networks, one for each distribution of weights."""
    return [
        Condition(kind, partial(study.random, initializer=kind, **arguments), layers)
        for kind in INITIALIZERS
    ]
