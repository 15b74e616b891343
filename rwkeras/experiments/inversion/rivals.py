"""Inversion of random networks compared with trained ones."""

from rwkeras.experiments.conditions import (
    ALEXNET,
    Condition,
    by_stride,
    condition_jobs,
    efficientnet_conditions,
    rotation_rivals,
    stacked,
    trained_vgg_conditions,
)
from rwkeras.experiments.figures import lines, pictures
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.report import Report, value_rows
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame

# AlexNet's layers that the papers compare with the pooling layers of a VGG.
_ALEXNET_LAYERS = ("pool1", "pool2", "conv3", "conv4", "pool5")


def rivals(study: Study) -> Report:
    """Random and trained networks.

    The same images are recovered at the same strides from stacked random networks, from
    EfficientNet-Lite0, trained and untrained, and from narrow VGG-19s before and after training on
    rotations: in adaptive coordinates, which recover more, and over pixels, as in the papers.
    """
    draws = study.draws()
    pools = by_stride(study.pools, 2)
    conditions = [
        stacked(study, pools, draws),
        *trained_vgg_conditions(study, pools),
        *efficientnet_conditions(study),
        *rotation_rivals(study, pools, draws),
    ]
    adaptive = study.run(condition_jobs([*conditions, *_alexnet(study)], draws, study.inversion))
    pixels = study.run(condition_jobs(conditions, draws, study.inversion, parametrization="pixels"))
    values = "distance", "psnr_db"
    table = frame(value_rows(adaptive, *values) + value_rows(pixels, *values, suffix=" (pixels)"))
    source = study.picture(draws[0])
    return Report(
        table,
        [
            lines(table, "distance"),
            pictures(adaptive, "distance", source, name="adaptive"),
            lines(table, "distance (pixels)"),
            pictures(pixels, "distance", source, name="pixels"),
        ],
    )


def _alexnet(study: Study) -> list[Condition]:
    """Returns the condition of regularised inversion of trained AlexNet, or none without weights.

    The prior was tuned for trained weights.
    """
    weights = study.weights.get("alexnet")
    if weights is None:
        return []
    spec = NetworkSpec("alexnet", weights=weights)
    layers = dict(zip(by_stride(study.pools, 2), _ALEXNET_LAYERS, strict=False))
    arguments = {"regularized": True, "parametrization": "pixels"}
    return [Condition(ALEXNET, lambda draw: spec, layers, arguments)]
