"""Comparison of untrained architectures."""

from functools import partial

from rwkeras.experiments.conditions import Condition, over, ready
from rwkeras.experiments.figures import bars, pictures
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame
from rwkeras.networks.applications import LAYERS_BY_STRIDE

_DISTANCE = "relative_patch_distance"
_ARCHITECTURES = (
    "vgg19",
    "resnet50",
    "densenet121",
    "mobilenet",
    "inception_v3",
    "efficientnet_b0",
)
_STRIDES = (4, 8, 16)
# Minimum side of the images, so that batch normalisation has statistics over several positions.
_SMALLEST = 128
_QUICK_LAYERS = {"toy_vgg": {2: "conv2_2", 4: "conv3_2"}, "mobilenet": {2: "conv_pw_1_relu"}}


def architectures(study: Study) -> Report:
    """Untrained architectures.

    Networks of keras.applications with random weights, whose batch normalisation has the statistics
    of the image, are ranked by the PSNR of images recovered from layers of equal strides in
    adaptive coordinates, and by textures synthesised from the same layers.
    """
    entrants, size = _QUICK_LAYERS, study.settings.image_size
    if study.settings.architecture == "vgg19":
        size = max(size, _SMALLEST)
        entrants = {
            name: {stride: LAYERS_BY_STRIDE[name][stride] for stride in _STRIDES}
            for name in _ARCHITECTURES
        }
    kinds, painters = [], []
    for name, layers in entrants.items():
        spec = NetworkSpec(name, initializer="he")
        named = {f"stride {stride}": layer for stride, layer in layers.items()}
        kinds.append(Condition(name, partial(ready, spec), named))
        painters.append(kinds[-1]._replace(layers={"texture": tuple(layers.values())}))
    draws, textures = study.draws(size=size), study.draws("textures", size=size)
    inversions = study.run(over(kinds, draws, study.inversion))
    painted = study.run(over(painters, textures, study.texture))
    table = frame(measured(inversions, "psnr_db") + measured(painted, _DISTANCE))
    return Report(
        table,
        [
            bars(table, "psnr_db", name="league"),
            bars(table, _DISTANCE),
            pictures(inversions, "psnr_db", study.picture(draws[0])),
            pictures(painted, _DISTANCE, study.picture(textures[0]), name="painted"),
        ],
    )
