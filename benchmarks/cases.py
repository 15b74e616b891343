"""Objectives and targets of the optimiser benchmark."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from skimage import data

import rwkeras
from benchmarks.picture_tasks import tissue_texture
from rwkeras.images.reading import fit_longer_side
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.tasks.invert import inversion_objective
from rwkeras.tasks.presets import STYLE_PRESETS, VGG_LAYERS
from rwkeras.tasks.settings import InversionSettings, TextureSettings
from rwkeras.tasks.style_objective import style_objective
from rwkeras.tasks.synthesis import starting_noise
from rwkeras.tasks.texture import texture_objective


class Case(NamedTuple):
    """One objective with its initial image and targets.

    Attributes:
        model: The network.
        objective: The objective.
        start: Initial image, float32, [1, height, width, 3].
        source: The image to recover, or None.
        targets: Targets by name: predicates of (PSNR in dB, loss relative to the initial loss).
        reference: Number of evaluations after which SciPy's loss is a further target, or None.
        device: "CPU" or "GPU".
    """

    model: Any
    objective: Objective
    start: tf.Tensor
    source: np.ndarray | None
    targets: Mapping[str, Callable[[float, float], bool]]
    reference: int | None = None
    device: str = "CPU"


def _photo(image: np.ndarray, size: int) -> np.ndarray:
    return fit_longer_side(image[..., :3].astype(np.float32) / 255, size)[np.newaxis]


def _network(layers, image, *, subtract_mean: bool):
    model = rwkeras.vgg19(seed=0, subtract_mean=subtract_mean)
    rwkeras.calibrate(rwkeras.feature_extractor(model, layers), image)
    return model


def inversion(layer: str, size: int, targets) -> Case:
    """Returns the inversion of the astronaut from a layer, with the default initial image."""
    source = tf.constant(_photo(data.astronaut(), size))
    model = _network([layer], source, subtract_mean=False)
    settings = InversionSettings(layer)
    objective = inversion_objective(model, source, settings)
    start = starting_noise(
        objective, source.shape, 0, stddev=settings.noise_stddev, optimizer=OptimizerSettings()
    )
    return Case(model, objective, start, source.numpy(), targets)


def texture(size: int, reference: int) -> Case:
    """Returns texture synthesis of a stained tissue from white noise."""
    source = tf.constant(_photo(tissue_texture(), size))
    settings = TextureSettings(VGG_LAYERS)
    model = _network(settings.layers, source, subtract_mean=True)
    objective = texture_objective(model, source, settings)
    start = rwkeras.white_noise(source.shape, 0, stddev=settings.noise_stddev)
    return Case(model, objective, start, None, {}, reference)


def style(size: int, reference: int) -> Case:
    """Returns style transfer of the tissue to the astronaut, from the content image."""
    content = tf.constant(_photo(data.astronaut(), size))
    style_image = tf.constant(_photo(data.immunohistochemistry(), size))
    settings = STYLE_PRESETS["painting"]
    layers = list(dict.fromkeys(settings.content_layers + settings.style_layers))
    model = _network(layers, content, subtract_mean=True)
    objective = style_objective(model, content, style_image, settings)
    return Case(model, objective, content, None, {}, reference)


CASES = {
    "invert_conv3_1": lambda: inversion(
        "conv3_1",
        256,
        {"35 dB": lambda psnr, loss: psnr >= 35, "loss 1e-6": lambda psnr, loss: loss <= 1e-6},
    ),
    "invert_conv5_1": lambda: inversion("conv5_1", 256, {"16 dB": lambda psnr, loss: psnr >= 16}),
    "texture_256": lambda: texture(256, 100),
    "style_512": lambda: style(512, 30),
}
# Small images, as a smoke test.
SMALL_CASES = {
    "invert_small": lambda: inversion("conv2_1", 32, {"20 dB": lambda psnr, loss: psnr >= 20}),
    "texture_small": lambda: texture(32, 10),
}
