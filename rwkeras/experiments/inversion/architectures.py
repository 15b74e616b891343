"""Comparison of untrained architectures."""

from functools import partial

from rwkeras.experiments.conditions import Condition, condition_jobs, network_for_draw
from rwkeras.experiments.figures import bars, pictures
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.report import Report, value_rows
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
_MIN_SIZE = 128
_QUICK_LAYERS = {"toy_vgg": {2: "conv2_2", 4: "conv3_2"}, "mobilenet": {2: "conv_pw_1_relu"}}


def architectures(study: Study) -> Report:
    """Untrained architectures.

    Networks of keras.applications with random weights, whose batch normalisation has the statistics
    of the image, are ranked by the PSNR of images recovered from layers of equal strides in
    adaptive coordinates, and by textures synthesised from the same layers.
    """
    layers_by_network, size = _QUICK_LAYERS, study.settings.image_size
    if study.settings.architecture == "vgg19":
        size = max(size, _MIN_SIZE)
        layers_by_network = {
            name: {stride: LAYERS_BY_STRIDE[name][stride] for stride in _STRIDES}
            for name in _ARCHITECTURES
        }
    conditions, texture_conditions = [], []
    for name, layers in layers_by_network.items():
        spec = NetworkSpec(name, initializer="he")
        named = {f"stride {stride}": layer for stride, layer in layers.items()}
        conditions.append(Condition(name, partial(network_for_draw, spec), named))
        texture_conditions.append(
            conditions[-1]._replace(layers={"texture": tuple(layers.values())})
        )
    draws, texture_draws = study.draws(size=size), study.draws("textures", size=size)
    inversions = study.run(condition_jobs(conditions, draws, study.inversion))
    textures = study.run(condition_jobs(texture_conditions, texture_draws, study.texture))
    table = frame(value_rows(inversions, "psnr_db") + value_rows(textures, _DISTANCE))
    return Report(
        table,
        [
            bars(table, "psnr_db", name="league"),
            bars(table, _DISTANCE),
            pictures(inversions, "psnr_db", study.picture(draws[0])),
            pictures(textures, _DISTANCE, study.picture(texture_draws[0]), name="painted"),
        ],
    )
