"""Texture synthesis by matching Gram matrices (Eq. 5-8)."""

import dataclasses
import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.images.batch import ImageBatch, as_batch
from rwkeras.networks.circular import circular_period
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.settings import check_settings
from rwkeras.tasks.memory import fit_to_memory
from rwkeras.tasks.presets import texture_settings
from rwkeras.tasks.scales import (
    ScaleSettings,
    StepFunction,
    coarse_to_fine,
    planned_steps,
    resized,
    scaled,
    scaled_shape,
)
from rwkeras.tasks.settings import TextureSettings, require_layers
from rwkeras.tasks.start import NOISE, as_start, warn_of_stretching
from rwkeras.tasks.synthesis import optimize_image, starting_noise
from rwkeras.tasks.task_network import TaskNetwork
from rwkeras.tasks.terms import texture_terms
from rwkeras.tasks.tileable import check_tileable, resized_periodically, tileable_networks
from rwkeras.validation import invalid_argument


def as_sources(images: Any, name: str) -> list[ImageBatch]:
    """Converts one or more sources to batches.

    Args:
        images: Anything that `as_batch` accepts, or a list or tuple of these, of any sizes.
        name: Name of the argument, for error messages.

    Raises:
        ValueError: The list is empty, or an element is not an image.
    """
    several = images if isinstance(images, list | tuple) else [images]
    if not several:
        raise invalid_argument(name, "at least one image", images)
    return [as_batch(image, name) for image in several]


def check_batches(name: str, sources: Sequence[ImageBatch], batch: int) -> None:
    """Raises `ValueError` unless every source has 1 image or `batch` images."""
    for source in sources:
        count = source.images.shape[0]
        if count not in (1, batch):
            raise invalid_argument(name, f"one image or a batch of {batch}", f"{count} images")


def check_source_weights(weights: Sequence[float] | None, count: int) -> None:
    """Raises `ValueError` unless weights are None, or one per source and not all 0."""
    if weights is None:
        return
    if len(weights) != count or not any(weights):
        expected = f"one number of at least 0 per source, {count}, not all 0"
        raise invalid_argument("source_weights", expected, list(weights))


def texture_objective(
    model: keras.Model,
    source: tf.Tensor | Sequence[tf.Tensor],
    settings: TextureSettings,
    tile: int | None = None,
) -> Objective:
    """Returns the balanced texture loss (Eq. 5), with target Gram matrices from images.

    Args:
        model: A functional `keras.Model`.
        source: float32 RGB in [0, 1], [batch, height, width, 3], or a list of these, one per
            source.
        settings: The layers, their weighting and how sources are joined.
        tile: See `OptimizerSettings.tile_size`.
    """
    return texture_terms(
        model,
        source,
        require_layers(texture_settings(model, settings).layers),
        kind="texture",
        weighting=settings.weighting,
        join=settings.join,
        weights=settings.source_weights,
        tile=tile,
    )


def _scales_for_sources(
    scales: ScaleSettings, size: tuple[int, int], sources: Sequence[tf.Tensor]
) -> ScaleSettings:
    """Returns scale settings for a (height, width) result whose sources are scaled with it.

    At the first scale, the longer side of the smallest image is the given `smallest` or more.
    """
    smallest = min(max(size), *(max(images.shape[1:3]) for images in sources))
    return dataclasses.replace(scales, smallest=math.ceil(scales.smallest * max(size) / smallest))


def _initial_images(init: Any, sources: Sequence[tf.Tensor], size: tuple[int, int]) -> tf.Tensor:
    """Returns the initial images given by the user, one per result.

    Args:
        init: See `synthesize_texture`.
        sources: float32 RGB in [0, 1], [batch or 1, height, width, 3].
        size: Height and width of the result, in pixels.
    """
    if isinstance(init, str | os.PathLike) and os.fspath(init).endswith(".keras"):
        raise invalid_argument("init", "'noise' or a picture", os.fspath(init))
    start = as_start(init, max(sources, key=lambda images: images.shape[0]), (NOISE,))
    warn_of_stretching(start, tf.zeros((1, *size, 3)))
    return start


def _step_function(
    network: TaskNetwork,
    sources: Sequence[tf.Tensor],
    settings: TextureSettings,
    layers: tuple[str, ...],
    size: tuple[int, int],
    sizes: int,
    initial_images: tf.Tensor | None,
) -> StepFunction:
    """Returns a function that runs one step of texture synthesis.

    Args:
        network: The network.
        sources: float32 RGB in [0, 1], [batch or 1, height, width, 3].
        settings: Settings of the objective and the initial noise.
        layers: Names of the layers that are matched.
        size: Height and width at scale 1, in pixels.
        sizes: Number of scales.
        initial_images: Initial images, of any size; None for noise.
    """
    period, results, tileable = 1, list[np.ndarray](), settings.tileable
    if tileable:
        period = circular_period(tileable_networks(network.model, layers)[1])
    batch = max(images.shape[0] for images in sources)

    def shape_at(scale):
        here = (max(1, round(side * scale / period)) * period for side in size)
        return batch, *here, sources[0].shape[3]

    def fit_optimizer(optimizer, scale):
        return fit_to_memory(
            network.model,
            layers,
            shape_at(scale),
            [scaled_shape(each.shape, scale) for each in sources],
            optimizer,
            sizes=sizes,
            whole="a tileable texture" if tileable else None,
        )

    def run_step(step, start, optimizer, callback):
        scale = step.scale
        if start is None and scale < 1:
            fit_optimizer(optimizer, 1.0)  # Fails before any time is spent on smaller sizes.
        optimizer, shape = fit_optimizer(optimizer, scale), shape_at(scale)
        images = [scaled(source, scale) for source in sources]
        network.draw(step, images[0], "texture")
        if tileable:
            source_model, texture_model = tileable_networks(network.model, layers)
        else:
            source_model = texture_model = network.evaluation_model(layers, optimizer.tile_size)
        objective = texture_objective(source_model, images, settings, optimizer.tile_size)
        if start is None and initial_images is not None:
            start = resized(initial_images, shape[1:3])
        elif start is None:
            start = starting_noise(
                objective, shape, settings.seed, stddev=settings.noise_stddev, optimizer=optimizer
            )
        elif tileable:
            start = resized_periodically(tf.constant(results[-1]), shape[1:3])
        result = optimize_image(
            texture_model, objective, start, optimizer=optimizer, callback=callback
        )
        results.append(result.image)
        return result

    return run_step


@eager_only
def synthesize_texture(
    model: keras.Model | str,
    texture: Any,
    settings: TextureSettings = TextureSettings(),
    *,
    init: Any = NOISE,
    optimizer: OptimizerSettings = OptimizerSettings(),
    callback: Callback | None = None,
) -> OptimizationResult:
    """Synthesises a texture that resembles one or more sources.

    Minimises Eq. 5 of He, Wang and Hopcroft (2016), the sum over layers of w_l E_l.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1], used as is; or the name of a
            network. "multiscale", which gives the best textures, is redrawn and standardised on the
            source at each step. See `TaskNetwork`.
        texture: The source: a path, a Pillow image, or an array or tensor, uint8 in [0, 255] or
            float in [0, 1], [height, width, 3] or a batch of these, one per result. A list or tuple
            of these is several sources of one texture, of any sizes.
        settings: Layers, size of the result, image sizes and draws.
        init: Initial image: "noise", or an image in any form that `as_batch` accepts, which is
            resized to the result.
        optimizer: Settings of the optimiser.
        callback: Called with a `Progress` at intervals; returns true to stop.

    Returns:
        An `OptimizationResult`, without batch dimension where no source has one.

    Raises:
        ValueError: An argument is invalid.
    """
    check_settings(settings, TextureSettings)
    with TaskNetwork(model, settings.seed, settings.draws) as network:
        settings = texture_settings(network.model, settings)
        layers, scales = require_layers(settings.layers), settings.scales
        sources = as_sources(texture, "texture")
        check_batches("texture", sources, max(source.images.shape[0] for source in sources))
        check_source_weights(settings.source_weights, len(sources))
        images = [source.images for source in sources]
        _, height, width, _ = images[0].shape
        if settings.output_size is not None:
            width, height = settings.output_size
        size = height, width
        initial_images = (
            None if isinstance(init, str) and init == NOISE else _initial_images(init, images, size)
        )
        network.prepare(layers, images[0], "texture")
        if settings.tileable:
            circular = tileable_networks(network.model, layers)[1]
            check_tileable(size, circular_period(circular), optimizer)
            if optimizer.checkpoint_dir is not None:  # Networks differ in padding, not in weights.
                folder = f"{optimizer.checkpoint_dir}/tileable"
                optimizer = dataclasses.replace(optimizer, checkpoint_dir=folder)
        if scales is not None:
            scales = _scales_for_sources(scales, size, images)
        steps = planned_steps(max(size), scales, optimizer.max_iterations, network.draws)
        count = len({step.scale for step in steps})
        run_step = _step_function(network, images, settings, layers, size, count, initial_images)
        result = coarse_to_fine(run_step, size, steps, scales, optimizer, callback)
        return result if any(source.batched for source in sources) else result.unbatched()
