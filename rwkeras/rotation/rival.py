"""A narrow VGG-19 trained without labels, by predicting the rotation of crops.

A trained baseline for users without pretrained weights. It is trained on a few photographs for
minutes and is no substitute for a VGG-19 trained on ImageNet.

References:
    Gidaris, Singh and Komodakis (2018), Unsupervised representation learning by predicting image
    rotations.
    Asano, Rupprecht and Vedaldi (2020), A critical analysis of self-supervision, or what we can
    learn from a single image: a few images suffice for early layers.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rwkeras.backend import float32_layers, keras
from rwkeras.eager import eager_only
from rwkeras.images.collection import each_image
from rwkeras.images.photographs import photographs
from rwkeras.networks.initializers import get_initializer
from rwkeras.networks.vgg import build_vgg, random_kernels
from rwkeras.networks.vgg_architecture import VGG19, narrowed
from rwkeras.rotation.folding import fold, with_batch_normalization
from rwkeras.rotation.rotated_crops import ROTATIONS, CropRegions, rotated_crops, split
from rwkeras.rotation.settings import RotationSettings

_DEFAULTS = RotationSettings()


class RotationProgress(NamedTuple):
    """Progress of the training, as passed to callbacks.

    Attributes:
        step: Steps so far.
        steps: Total steps.
        loss: Mean cross entropy of the crops since the last report, in nats; 1.386 at chance.
        accuracy: Share of these crops with correctly predicted rotation, in [0, 1]; 0.25 at chance.
        held_out_accuracy: The same for crops from the held-out strips.
    """

    step: int
    steps: int
    loss: float
    accuracy: float
    held_out_accuracy: float


# Returns true to stop the training, which then returns the current network.
RotationCallback = Callable[[RotationProgress], bool | None]


class RotationHistory(NamedTuple):
    """History of a training.

    Attributes:
        reports: The reported progress, in order of steps.
        kernel_changes: By layer name, || k / ||k|| - k0 / ||k0|| || for kernels k0 before and k
            after training: 0 if equal up to scale, 1.4 if orthogonal.
        seconds: Duration in seconds, including evaluation.
        stopped: Whether the callback stopped the training.
    """

    reports: tuple[RotationProgress, ...]
    kernel_changes: dict[str, float]
    seconds: float
    stopped: bool


@eager_only
def untrained_twin(settings: RotationSettings = _DEFAULTS) -> keras.Model:
    """Returns the network that training with these settings starts from.

    Args:
        settings: Only width and seed are used.

    Returns:
        `narrow_vgg19` with kernels from N(0, sqrt(2 / fan_in)) and zero biases, named
        "untrained_vgg19". Like the random networks that it is compared with, and unlike most
        trained ones, it does not subtract the mean colour; inversion of untrained networks works
        better that way.
    """
    return _network(settings, "untrained_vgg19")


@eager_only
def train_rotation_rival(
    photos: Any = None,
    settings: RotationSettings = _DEFAULTS,
    callback: RotationCallback | None = None,
) -> tuple[keras.Model, RotationHistory]:
    """Trains a narrow VGG-19 to predict the rotation of crops of photographs.

    Crops from the left and right of each photograph are used in four rotations. A dense layer on
    top of the last conv layer predicts the rotation; the cross entropy is minimised by SGD with
    Nesterov momentum. Batch normalisation of each conv layer speeds up training and is folded into
    the layer at the end; the dense layer is dropped.

    Initial weights and crops are bitwise reproducible from the seed. The training itself is not, as
    TensorFlow does not guarantee the order of summation.

    Args:
        photos: A folder of images, or an iterable of paths, Pillow images, arrays or tensors,
            uint8 in [0, 255] or float in [0, 1], of any sizes. None for scikit-image's photographs.
        settings: The network, the crops and the training.
        callback: Called with a `RotationProgress` at intervals; returns true to stop.

    Returns:
        The network, a functional `keras.Model` of RGB images in [0, 1] with the layers of `vgg19`,
        named "rotation_vgg19"; and the history of its training.

    Raises:
        ValueError: The photographs are unreadable or too small.
    """
    started = time.perf_counter()
    given = (
        photographs() if photos is None else (x[0].numpy() for x in each_image(photos, "photos"))
    )
    training, held_out = split(given, settings)
    network = _network(settings, "rotation_vgg19")
    normalized = with_batch_normalization(network)
    reports, stopped = _fit(
        _classifier(normalized, settings), training, held_out, settings, callback
    )
    changes = {
        name: _change(network.get_layer(name).kernel, normalized.get_layer(name).kernel)
        for name in VGG19.conv_layers
    }
    fold(normalized, network)
    seconds = time.perf_counter() - started
    return network, RotationHistory(tuple(reports), changes, seconds, stopped)


def _network(settings: RotationSettings, name: str) -> keras.Model:
    return build_vgg(
        narrowed(VGG19, settings.width)._replace(name=name),
        random_kernels("he", settings.seed),
    )


def _change(before: Any, after: Any) -> float:
    """Returns the distance between two kernels, each divided by its norm."""
    before, after = (kernel.numpy() / np.linalg.norm(kernel.numpy()) for kernel in (before, after))
    return float(np.linalg.norm(after - before))


@float32_layers()
def _classifier(normalized: keras.Model, settings: RotationSettings) -> keras.Model:
    """Returns the network with a dense layer for the four rotations, compiled."""
    last = normalized.get_layer(f"{VGG19.conv_layers[-1]}_relu").output
    inputs = keras.Input((settings.crop_size, settings.crop_size, 3), dtype="float32")
    x = keras.layers.Flatten("channels_last")(keras.Model(normalized.inputs, last)(inputs))
    initializer = get_initializer("he", settings.seed).stream("rotation", "kernel")
    x = keras.layers.Dense(ROTATIONS, kernel_initializer=initializer)(x)
    classifier = keras.Model(inputs, x)
    rising = max(1, settings.steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, settings.steps - rising),
        warmup_target=settings.learning_rate,
        warmup_steps=rising,
    )
    classifier.compile(
        keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    return classifier


def _fit(
    classifier: keras.Model,
    training: CropRegions,
    held_out: CropRegions,
    settings: RotationSettings,
    callback: RotationCallback | None,
) -> tuple[list[RotationProgress], bool]:
    """Trains with reports at intervals; returns these and whether the callback stopped it."""
    unseen = rotated_crops(held_out, settings, "held_out", range(settings.held_out_crops)).cache()
    reports: list[RotationProgress] = []
    for step in range(0, settings.steps, settings.report_every):
        stop = min(step + settings.report_every, settings.steps)
        numbers = range(step * settings.batch_size, stop * settings.batch_size)
        seen = rotated_crops(training, settings, "training", numbers)
        fitted = classifier.fit(seen, shuffle=False, verbose=0)
        _, accuracy = classifier.evaluate(unseen, verbose=0)
        measured = {name: values[0] for name, values in fitted.history.items()}
        reports.append(
            RotationProgress(stop, settings.steps, measured["loss"], measured["accuracy"], accuracy)
        )
        if callback is not None and callback(reports[-1]):
            return reports, True
    return reports, False
