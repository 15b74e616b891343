"""Random networks against trained ones, by what can be recovered from them."""

from rwkeras.experiments.conditions import (
    ALEXNET,
    Condition,
    by_stride,
    over,
    rotation_rivals,
    stacked,
    twins,
    vgg_on_imagenet,
)
from rwkeras.experiments.figures import line_plot, result_grid
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import chosen, frame
from rwkeras.sweeps.pictures import read_picture

# AlexNet's layers beside the poolings of a VGG, as the papers compare them.
_ALEXNET_LAYERS = ("pool1", "pool2", "conv3", "conv4", "pool5")
_PIXELS = "pixels"


def rivals(study: Study) -> Report:
    """Inverts images from layers of random and of trained networks, at the same strides."""
    draws = study.draws()
    pools = by_stride(study.pools, 2)
    kinds = [
        stacked(study, pools, draws),
        *vgg_on_imagenet(study, pools),
        *twins(study),
        *rotation_rivals(study, pools, draws),
    ]
    adaptive = study.run(over([*kinds, *_alexnet(study)], draws, study.inversion))
    plain = [kind._replace(arguments={"parametrization": "pixels"}) for kind in kinds]
    pixels = study.run(over(plain, draws, study.inversion))
    values = ("distance", "psnr_db")
    table = frame(
        [
            *measured(adaptive, {name: name for name in values}),
            *measured(pixels, {name: f"{name} ({_PIXELS})" for name in values}),
        ]
    )
    source = read_picture(draws[0].image, study.folder)
    figures = []
    for name, results, suffix in (("adaptive", adaptive, ""), ("pixels", pixels, f" ({_PIXELS})")):
        of_distance = chosen(table, {"measure": f"distance{suffix}"})
        figures += [
            Shown(
                name,
                f"Means over draws{suffix}, with 95 % t intervals.",
                line_plot(of_distance, x="layer", y="mean Euclidean distance"),
            ),
            Shown(
                f"{name}_pictures",
                f"{draws[0].name}, recovered{suffix}; below each its mean Euclidean distance.",
                result_grid(results, "distance", source=source),
            ),
        ]
    return Report(
        "Random networks and their rivals",
        "The same images, recovered at the same strides from stacked random networks, from "
        "EfficientNet-Lite0 trained and untrained, and from narrow VGG-19s that learnt rotations: "
        "in adaptive coordinates, which recover more, and over pixels as in the papers.",
        table,
        figures,
    )


def _alexnet(study: Study) -> list[Condition]:
    """Returns AlexNet with its prior, which was tuned for trained weights, if these are given."""
    weights = study.weights.get("alexnet")
    if weights is None:
        return []
    spec = NetworkSpec("alexnet", weights=weights)
    names = by_stride(study.pools, 2)
    layers = dict(zip(names, _ALEXNET_LAYERS, strict=False))
    arguments = {"regularized": True, "parametrization": "pixels"}
    return [Condition(ALEXNET, lambda draw: spec, layers, arguments)]
