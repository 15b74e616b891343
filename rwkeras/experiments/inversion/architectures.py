"""A league table of architectures that were never trained."""

from rwkeras.experiments.conditions import Condition, over, ready
from rwkeras.experiments.figures import bar_plot, result_grid
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.syntheses import Texture
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import chosen, frame
from rwkeras.networks.applications import LAYERS_BY_STRIDE
from rwkeras.sweeps.pictures import read_picture

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
# Of an image's side: batch normalisation needs several positions to take statistics of.
_SMALLEST = 128
_QUICK_LAYERS = {"toy_vgg": {2: "conv2_2", 4: "conv3_2"}, "mobilenet": {2: "conv_pw_1_relu"}}


def architectures(study: Study) -> Report:
    """Ranks untrained architectures by what they keep of images and what they paint."""
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
        kinds.append(Condition(name, lambda draw, spec=spec: ready(spec, draw), named))
        layer = {"texture": tuple(layers.values())}
        painters.append(kinds[-1]._replace(layers=layer))
    draws, textures = study.draws(size=size), study.draws("textures", size=size)
    inversions = study.run(over(kinds, draws, study.inversion))
    painting = study.optimizer(parametrization="pixels")
    painted = study.run(
        over(
            painters,
            textures,
            lambda network, draw, layers: Texture(network, draw.image, layers, draw.seed, painting),
        )
    )
    table = frame(
        measured(inversions, {"psnr_db": "psnr_db"}) + measured(painted, {_DISTANCE: _DISTANCE})
    )
    source = read_picture(draws[0].image, study.folder)
    over_draws = "Means over strides, of draws, with 95 % t intervals."
    return Report(
        "Architectures without training",
        "Networks of keras.applications with random weights, batch normalisation ready on the "
        "image, ranked by how well images are recovered from layers of equal strides in adaptive "
        "coordinates. Beside it, textures from the same layers.",
        table,
        [
            Shown(
                "league",
                over_draws,
                bar_plot(chosen(table, {"measure": "psnr_db"}), x="PSNR, dB"),
            ),
            Shown(
                "textures",
                "Patch distance relative to that of noise: the less, the better.",
                bar_plot(chosen(table, {"measure": _DISTANCE}), x="relative patch distance"),
            ),
            Shown(
                "pictures",
                f"{draws[0].name}; below each its PSNR, dB.",
                result_grid(inversions, "psnr_db", source=source),
            ),
            Shown(
                "painted",
                f"{textures[0].name}; below each its relative patch distance.",
                result_grid(painted, _DISTANCE),
            ),
        ],
    )
