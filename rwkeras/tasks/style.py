"""Style transfer: the content of one image in the style of another (Eq. 9)."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.images.batch import as_batch
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.settings import check_settings
from rwkeras.tasks.memory import fit_to_memory
from rwkeras.tasks.presets import style_settings
from rwkeras.tasks.regions import Regions
from rwkeras.tasks.scales import (
    StepFunction,
    coarse_to_fine,
    planned_steps,
    resized,
    scaled,
    scaled_shape,
)
from rwkeras.tasks.settings import StyleSettings, require_layers
from rwkeras.tasks.start import as_start, warn_of_stretching
from rwkeras.tasks.style_objective import all_layers, check_regions, style_objective
from rwkeras.tasks.synthesis import optimize_image, starting_noise
from rwkeras.tasks.task_network import TaskNetwork
from rwkeras.tasks.texture import as_sources, check_batches, check_source_weights


@eager_only
def transfer_style(
    model: keras.Model | str,
    content: Any,
    style: Any,
    settings: StyleSettings = StyleSettings(),
    *,
    init: Any = None,
    content_masks: Sequence[Any] | None = None,
    style_masks: Sequence[Any] | None = None,
    optimizer: OptimizerSettings = OptimizerSettings(),
    callback: Callback | None = None,
) -> OptimizationResult:
    """Renders an image in the style of one or more others.

    Minimises Eq. 9 of He, Wang and Hopcroft (2016): content_weight * content +
    style_weight * style + tv_weight * total variation. See `STYLE_PRESETS` for presets:
    `transfer_style(model, content, style, STYLE_PRESETS["paper"])`.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1], used as is; or the name of a
            network. "multiscale", which gives the best styles, is redrawn and standardised on the
            style at each step. See `TaskNetwork`.
        content: The content image: a path, a Pillow image, or an array or tensor, uint8 in [0, 255]
            or float in [0, 1], [height, width, 3] or a batch of these.
        style: The style image, in the same forms and of any size; one for all contents or one for
            each. A list or tuple of these is several sources of one style.
        settings: Layers, weights, image sizes and draws.
        init: Overrides `settings.init`: an image, which is resized to the content, or the path of a
            decoder's `.keras` file, which is applied to the content.
        content_masks: Region of each style: one grey image per style, white inside the region, with
            the aspect ratio of the content. None to apply every style everywhere. See
            `with_regions`.
        style_masks: Part of each style to use: one grey image per style, with its aspect ratio.
        optimizer: Settings of the optimiser.
        callback: Called with a `Progress` at intervals; returns true to stop.

    Returns:
        An `OptimizationResult`, without batch dimension where `content` has none.

    Raises:
        ValueError: An argument is invalid.
    """
    check_settings(settings, StyleSettings)
    with TaskNetwork(model, settings.seed, settings.draws) as network:
        settings = style_settings(network.model, settings)
        target, styles = as_batch(content, "content"), as_sources(style, "style")
        size = tuple(target.images.shape[1:3])
        factor = settings.content_factor(max(size))
        weight = factor * (settings.content_weight or 0)
        settings = dataclasses.replace(settings, content_weight=weight)
        check_batches("style", styles, target.images.shape[0])
        check_source_weights(settings.source_weights, len(styles))
        network.prepare(all_layers(settings), target.images, "content")
        regions = None
        if content_masks is not None or style_masks is not None:
            check_regions(styles, content_masks, settings, optimizer)
            regions = Regions(
                network.evaluation_model(all_layers(settings), None),
                require_layers(settings.style_layers),
                content_masks or (),
                style_masks,
                target.images,
                [each.images for each in styles],
            )
        initial_images = None if init is None else as_start(init, target.images)
        if initial_images is not None:
            warn_of_stretching(initial_images, target.images)
        images = [each.images for each in styles]
        steps = planned_steps(max(size), settings.scales, optimizer.max_iterations, network.draws)
        sizes = len({step.scale for step in steps})
        run_step = _step_function(
            network, target.images, images, settings, regions, initial_images, sizes
        )
        result = coarse_to_fine(run_step, size, steps, settings.scales, optimizer, callback)
        return result if target.batched else result.unbatched()


def _step_function(
    network: TaskNetwork,
    content: tf.Tensor,
    styles: Sequence[tf.Tensor],
    settings: StyleSettings,
    regions: Regions | None,
    initial_images: tf.Tensor | None,
    sizes: int,
) -> StepFunction:
    """Returns a function that runs one step of style transfer.

    Args:
        network: The network.
        content: float32 RGB in [0, 1], [batch, height, width, 3].
        styles: The same, each with the content's batch size or 1.
        settings: Completed settings of the objective and the initial image.
        regions: Regions of the styles; None to apply every style everywhere.
        initial_images: Initial images, of any size, that override the settings; or None.
        sizes: Number of scales.
    """
    layers = all_layers(settings)

    def fit_optimizer(optimizer, scale):
        shape = scaled_shape(content.shape, scale)
        style_shapes = (scaled_shape(each.shape, scale * settings.style_scale) for each in styles)
        return fit_to_memory(
            network.model if regions is None else regions.network,
            list(layers),
            shape,
            [shape, *style_shapes],
            optimizer,
            sizes=sizes,
            whole=None if regions is None else "a picture with `content_masks`",
        )

    def starting_image(images, objective, optimizer):
        if initial_images is not None:
            return resized(initial_images, tuple(images.shape[1:3]))
        if settings.init == "content":
            return images
        return starting_noise(
            objective,
            images.shape,
            settings.seed,
            stddev=settings.noise_stddev,
            optimizer=optimizer,
        )

    def run_step(step, start, optimizer, callback):
        if start is None and step.scale < 1:
            fit_optimizer(optimizer, 1.0)  # Fails before any time is spent on smaller sizes.
        optimizer = fit_optimizer(optimizer, step.scale)
        images = scaled(content, step.scale)
        style_images = [scaled(each, step.scale * settings.style_scale) for each in styles]
        network.draw(step, style_images[0], "style")
        evaluation_model = network.evaluation_model(layers, optimizer.tile_size)
        objective = style_objective(
            evaluation_model, images, style_images, settings, optimizer.tile_size, regions
        )
        return optimize_image(
            evaluation_model if regions is None else regions.network,
            objective,
            starting_image(images, objective, optimizer) if start is None else start,
            optimizer=optimizer,
            callback=callback,
        )

    return run_step
