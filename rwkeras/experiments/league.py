"""League tables of weight distributions and of architectures, without training."""

from collections.abc import Mapping, Sequence

from rwkeras.experiments.figures import Cell, bar_plot, box_plot, picture_grid
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.syntheses import Texture
from rwkeras.experiments.report import Claim, Report, Shown, above, within
from rwkeras.experiments.statistics import mean_difference, mean_interval, relative_difference
from rwkeras.experiments.study import Study, cell, column, rows
from rwkeras.networks.applications import LAYERS_BY_STRIDE
from rwkeras.networks.initializers import INITIALIZERS
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import Job, JobResult
from rwkeras.tasks.settings import TextureSettings

_INVERSION, _TEXTURE = "inversion", "texture"
_DISTANCE = "relative_patch_distance"
# Mean distances that differ by less than this share count as the same.
_SAME = 0.1

# The architectures of the league table, smallest first, and the strides of their layers.
_ARCHITECTURES = (
    "mobilenet",
    "vgg19",
    "resnet50",
    "densenet121",
    "inception_v3",
    "efficientnet_b0",
)
_STRIDES = (4, 8, 16)
# Of an image's side: batch normalisation needs several positions to take statistics of.
_SMALLEST = 128
_QUICK_LAYERS = {"toy_vgg": {2: "conv2_2", 4: "conv3_2"}, "mobilenet": {2: "conv_pw_1_relu"}}


def distributions(study: Study) -> Report:
    """Compares the distributions of random weights."""
    images, sources = study.images(), study.images("textures")
    layer = study.first_layers[-2]
    jobs: dict = {}
    for kind in INITIALIZERS:
        for n in study.seeds:
            network = study.random(n, initializer=kind)
            for name, image in images.items():
                jobs[_INVERSION, kind, name, n] = study.inversion(network, image, layer, seed=n)
        painter = study.random(study.settings.seed, initializer=kind, subtract_mean=True)
        optimizer = study.optimizer(parametrization="pixels")
        for name, source in sources.items():
            jobs[_TEXTURE, kind, name, study.settings.seed] = Texture(
                painter,
                source,
                TextureSettings(study.first_layers[:4], scales=None, seed=study.settings.seed),
                optimizer,
            )
    results = study.run(jobs)
    inversions = {label: r for label, r in results.items() if label[0] == _INVERSION}
    textures = {label: r for label, r in results.items() if label[0] == _TEXTURE}
    boxes = {kind: {layer: column(inversions, "distance", p1=kind)} for kind in INITIALIZERS}
    name, texture = next(iter(images)), next(iter(sources))
    lines = {
        label: [
            cell(results.get((task, kind, which, study.settings.seed)), value)
            for kind in INITIALIZERS
        ]
        for label, task, which, value in (
            (f"{name}, {layer}", _INVERSION, name, "distance"),
            (texture, _TEXTURE, texture, _DISTANCE),
        )
    }
    return Report(
        "Distributions of random weights",
        f"Images are recovered from {layer}, and textures made, with weights of every kind.",
        [
            Shown(
                "distributions",
                "Over images and seeds.",
                box_plot(boxes, y="mean Euclidean distance"),
            ),
            Shown("pictures", "Below each its distance.", picture_grid(list(INITIALIZERS), lines)),
        ],
        {
            "inversions": _plain(inversions),
            "textures": _plain(textures),
        },
        _distribution_claims(inversions, layer),
        study.notes,
    )


def _distribution_claims(inversions: Mapping[tuple, JobResult], layer: str) -> list[Claim]:
    """Returns the claims that images are recovered with each distribution as with the first."""
    claims = []
    for kind in list(INITIALIZERS)[1:]:
        pairs = [label for label in inversions if label[1] == kind]
        given = [(_INVERSION, "gaussian", *label[2:]) for label in pairs]
        values = [[inversions[x].values["distance"] for x in part] for part in (pairs, given)]
        interval = relative_difference(*values)
        claims.append(
            Claim(
                f"The kind of randomness does not matter: {kind} recovers images as gaussian does.",
                "Shu et al. (2017), of decoders",
                within(interval, _SAME),
                f"Mean distance from {layer} over that of gaussian, less 1: {interval}; "
                f"{_SAME} either way counts as the same.",
                "distributions",
            )
        )
    return claims


def _plain(results: Mapping[tuple, JobResult]) -> list:
    return rows({label[1:]: r for label, r in results.items()}, ["distribution", "image", "seed"])


def _entrants(study: Study) -> dict[str, dict[int, str]]:
    """Returns the layers of each architecture by their stride."""
    if study.settings.architecture != "vgg19":
        return _QUICK_LAYERS
    return {
        name: {stride: LAYERS_BY_STRIDE[name][stride] for stride in _STRIDES}
        for name in _ARCHITECTURES
    }


def _league_jobs(
    study: Study,
    entrants: Mapping[str, Mapping[int, str]],
    images: Mapping[str, FileRef],
    sources: Mapping[str, FileRef],
) -> dict[tuple, Job]:
    """Returns the inversions and textures, by task, architecture, stride, image and seed."""
    reference = next(iter(images.values()))
    # In bfloat16 the rounding of nets with batch normalisation grows with depth.
    optimizer = study.optimizer(precision="float32")
    painting = study.optimizer(precision="float32", parametrization="pixels")
    jobs: dict[tuple, Job] = {}
    for name, layers in entrants.items():
        for n in study.seeds:
            network = NetworkSpec(name, reference=reference, initializer="he", seed=n)
            for stride, layer in layers.items():
                for image in images:
                    jobs[_INVERSION, name, stride, image, n] = study.inversion(
                        network, images[image], layer, seed=n, optimizer=optimizer
                    )
            for source in sources:
                jobs[_TEXTURE, name, 0, source, n] = Texture(
                    network,
                    sources[source],
                    TextureSettings(tuple(layers.values()), scales=None, seed=n),
                    painting,
                )
    return jobs


def _league_pictures(
    study: Study,
    results: Mapping[tuple, JobResult],
    entrants: Mapping[str, Mapping[int, str]],
    order: Sequence[str],
    first: str,
    texture: str,
) -> tuple[list[str], dict[str, list[Cell]]]:
    """Returns the columns and rows of a grid of an image's and a texture's pictures."""
    lines: dict[str, list[Cell]] = {}
    for name in order:
        cells = [
            cell(results.get((_INVERSION, name, stride, first, study.settings.seed)), "psnr_db", 2)
            for stride in entrants[name]
        ]
        painted = results.get((_TEXTURE, name, 0, texture, study.settings.seed))
        lines[name] = [*cells, *[None] * (len(_STRIDES) - len(cells)), cell(painted, _DISTANCE, 2)]
    columns = [*(f"stride {stride}" for stride in next(iter(entrants.values()))), ""]
    columns = [*columns[:-1], *[""] * (len(_STRIDES) + 1 - len(columns)), "texture"]
    return columns, lines


def architectures(study: Study) -> Report:
    """Ranks architectures that were never trained by what they keep and what they paint."""
    entrants = _entrants(study)
    size = study.settings.image_size
    if "inception_v3" in entrants:
        size = max(size, _SMALLEST)
    images, sources = study.images(size=size), study.images("textures", size=size)
    results = study.run(_league_jobs(study, entrants, images, sources))
    inversions = {label: r for label, r in results.items() if label[0] == _INVERSION}
    textures = {label: r for label, r in results.items() if label[0] == _TEXTURE}
    scores = {name: _per_seed(study, inversions, name, "psnr_db") for name in entrants}
    paints = {name: _per_seed(study, textures, name, _DISTANCE) for name in entrants}
    order = sorted(
        (name for name in entrants if scores[name]),
        key=lambda name: -sum(scores[name]) / len(scores[name]),
    )
    table = [
        {
            "rank": n + 1,
            "architecture": name,
            "psnr_db": f"{mean_interval(scores[name])}",
            "relative_patch_distance": f"{mean_interval(paints[name])}" if paints[name] else "",
        }
        for n, name in enumerate(order)
    ]
    first, texture = next(iter(images)), next(iter(sources))
    columns, lines = _league_pictures(study, results, entrants, order, first, texture)
    return Report(
        "Architectures without training",
        "Networks of keras.applications with random weights, batch normalisation adapted to one "
        "image, ranked by how well images are recovered from layers of equal strides; intervals "
        "over seeds. Beside it, textures from the same layers.",
        [
            Shown(
                "league",
                "Mean PSNR over strides and images, with its interval over seeds.",
                bar_plot({name: mean_interval(scores[name]) for name in order}, x="PSNR, dB"),
            ),
            Shown(
                "textures",
                "Patch distance relative to that of noise: the less, the better.",
                bar_plot(
                    {n: mean_interval(paints[n]) for n in order if paints[n]},
                    x="relative patch distance",
                ),
            ),
            Shown("pictures", f"{first} and {texture}.", picture_grid(columns, lines)),
        ],
        {
            "league": table,
            "inversions": rows(inversions, ["task", "architecture", "stride", "image", "seed"]),
            "textures_data": rows(textures, ["task", "architecture", "stride", "texture", "seed"]),
        },
        _resnet(scores),
        study.notes,
    )


def _per_seed(study: Study, results: Mapping, name: str, value: str) -> list[float]:
    """Returns the mean of a value over images and layers for each seed."""
    means = []
    for n in study.seeds:
        found = column(results, value, p1=name, p4=n)
        if found:
            means.append(sum(found) / len(found))
    return means


def _resnet(scores: Mapping[str, list[float]]) -> list[Claim]:
    """Returns the answer to whether ResNet could be used."""
    if "resnet50" not in scores or len(scores["resnet50"]) != len(scores["vgg19"]):
        return []
    interval = mean_difference(scores["resnet50"], scores["vgg19"])
    return [
        Claim(
            "ResNet with its skip connections could be used as well as VGG-19.",
            "a reader's question",
            above(interval),
            f"PSNR of resnet50 less that of vgg19, dB: {interval}.",
            "league",
        )
    ]
