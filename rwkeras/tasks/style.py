"""Style transfer: the content of one image in the style of another (Eq. 9)."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.images.batch import ImageBatch, as_batch
from rwkeras.objectives.objective import Objective, tv_term
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.settings import check_settings
from rwkeras.tasks.drawn import TaskNetwork
from rwkeras.tasks.measured import content_terms, texture_terms
from rwkeras.tasks.memory import within_memory
from rwkeras.tasks.presets import style_settings
from rwkeras.tasks.regions import Regions
from rwkeras.tasks.scales import (
    Maker,
    coarse_to_fine,
    planned_steps,
    resized,
    scaled,
    scaled_shape,
)
from rwkeras.tasks.settings import StyleSettings, known_layers
from rwkeras.tasks.start import as_start, warn_of_stretching
from rwkeras.tasks.synthesis import optimize_image, starting_noise
from rwkeras.tasks.texture import as_sources, check_batches, check_source_weights
from rwkeras.validation import invalid_argument


def style_parts(
    model: keras.Model,
    content: tf.Tensor,
    style: tf.Tensor | Sequence[tf.Tensor],
    settings: StyleSettings,
    tile: int | None = None,
    regions: Regions | None = None,
) -> tuple[Objective, Objective]:
    """Returns the content and the style of Eq. 9, each balanced at its source.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1].
        content: float32 RGB in [0, 1], [batch, height, width, 3].
        style: The same, of any size; a batch of as many or of one. Of several, a list of such.
        settings: Layers, weighting and how styles are joined; its weights are not applied.
        tile: See `OptimizerSettings.tile_size`.
        regions: Where each of several styles goes; None for each everywhere.
    """
    settings = style_settings(model, settings)
    content_part = content_terms(
        model,
        content,
        known_layers(settings.content_layers),
        weighting=settings.weighting,
        tile=tile,
    )
    if regions is not None:
        return content_part, regions.style_terms(list(style), settings, content)
    style_part = texture_terms(
        model,
        style,
        known_layers(settings.style_layers),
        kind="style",
        weighting=settings.weighting,
        join=settings.join,
        weights=settings.source_weights,
        tile=tile,
        result=content,
    )
    return content_part, style_part


def style_objective(
    model: keras.Model,
    content: tf.Tensor,
    style: tf.Tensor | Sequence[tf.Tensor],
    settings: StyleSettings,
    tile: int | None = None,
    regions: Regions | None = None,
) -> Objective:
    """Returns Eq. 9; arguments as of `style_parts`."""
    settings = style_settings(model, settings)
    content_part, style_part = style_parts(model, content, style, settings, tile, regions)
    return (
        settings.content_weight * content_part
        + settings.style_weight * style_part
        + settings.tv_weight * tv_term()
    )


def _check_regions(
    styles: Sequence[ImageBatch],
    masks: Sequence[Any] | None,
    settings: StyleSettings,
    optimizer: OptimizerSettings,
) -> None:
    """Raises `ValueError` unless there is a style for each region, and nothing in the way."""
    if masks is None or len(masks) != len(styles):
        found = 0 if masks is None else len(masks)
        raise invalid_argument("content_masks", f"one for each style, {len(styles)}", found)
    if any(style.images.shape[0] != 1 for style in styles):
        raise invalid_argument("style", "one image a region with `content_masks`", "a batch")
    if settings.source_weights is not None:
        given = list(settings.source_weights)
        raise invalid_argument("source_weights", "None with `content_masks`", given)
    if settings.join != StyleSettings.join:
        expected = f"'{StyleSettings.join}' with `content_masks`, where no styles are joined"
        raise invalid_argument("join", expected, settings.join)
    if optimizer.tile_size is not None:
        expected = "None with `content_masks`, which are of the whole picture"
        raise invalid_argument("tile_size", expected, optimizer.tile_size)


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
    """Repaints an image in the style of another, or of several.

    Minimises Eq. 9 of He, Wang and Hopcroft (2016): content_weight * content +
    style_weight * style + tv_weight * total variation. See `STYLE_PRESETS` for named choices:
    `transfer_style(model, content, style, STYLE_PRESETS["paper"])`.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1], which is used as it is, or the
            name of a network, such as "multiscale", which makes the best styles: that is drawn
            anew and standardised on the style at each step. See `TaskNetwork`.
        content: What to paint: a path, a Pillow image, or an array or tensor, uint8 in [0, 255]
            or float in [0, 1], [height, width, 3] or a batch of it.
        style: How to paint it: the same, of any size; one for all or one for each. A list or tuple
            of these are several sources of one style.
        settings: Layers, weights, and how the picture is made.
        init: What to start from instead of what the settings say: an image, which is brought to
            the content's size, or the path of a decoder's `.keras` file, for what that makes of
            the content.
        content_masks: Where each of as many styles goes: grey images, white where it does, of the
            content's proportions. Every style everywhere if there are none. See `with_regions`.
        style_masks: Which part of each style is taken, grey images of its proportions.
        optimizer: The optimiser's settings.
        callback: Called with a `Progress` now and then; returns true to stop.

    Returns:
        An `OptimizationResult`, without batch dimension where `content` has none.

    Raises:
        ValueError: An argument cannot be used; the message says why.
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
        network.prepare(_all_layers(settings), target.images, "content")
        regions = None
        if content_masks is not None or style_masks is not None:
            _check_regions(styles, content_masks, settings, optimizer)
            regions = Regions(
                network.measuring(_all_layers(settings), None),
                known_layers(settings.style_layers),
                content_masks or (),
                style_masks,
                target.images,
                [each.images for each in styles],
            )
        started = None if init is None else as_start(init, target.images)
        if started is not None:
            warn_of_stretching(started, target.images)
        images = [each.images for each in styles]
        steps = planned_steps(max(size), settings.scales, optimizer.max_iterations, network.draws)
        sizes = len({step.scale for step in steps})
        make = _maker(network, target.images, images, settings, regions, started, sizes)
        result = coarse_to_fine(make, size, steps, settings.scales, optimizer, callback)
        return result if target.batched else result.unbatched()


def _all_layers(settings: StyleSettings) -> tuple[str, ...]:
    content, style = settings.content_layers, settings.style_layers
    return tuple(dict.fromkeys(known_layers(content) + known_layers(style)))


def _maker(
    network: TaskNetwork,
    content: tf.Tensor,
    styles: Sequence[tf.Tensor],
    settings: StyleSettings,
    regions: Regions | None,
    started: tf.Tensor | None,
    sizes: int,
) -> Maker:
    """Returns what makes a picture by a step.

    Args:
        network: The network.
        content: float32 RGB in [0, 1], [batch, height, width, 3].
        styles: The same, each with a batch of as many or of one.
        settings: The objective's, which leave nothing open, and the start's.
        regions: Where each style goes; None for each everywhere.
        started: What to start from, if the settings do not say.
        sizes: How many scales there will be.
    """
    layers = _all_layers(settings)

    def fitted(optimizer, scale):
        shape = scaled_shape(content.shape, scale)
        style_shapes = (scaled_shape(each.shape, scale * settings.style_scale) for each in styles)
        return within_memory(
            network.model if regions is None else regions.network,
            list(layers),
            shape,
            [shape, *style_shapes],
            optimizer,
            sizes=sizes,
            whole=None if regions is None else "a picture with `content_masks`",
        )

    def first(images, objective, optimizer):
        if started is not None:
            return resized(started, tuple(images.shape[1:3]))
        if settings.init == "content":
            return images
        return starting_noise(
            objective,
            images.shape,
            settings.seed,
            stddev=settings.noise_stddev,
            optimizer=optimizer,
        )

    def make(step, start, optimizer, callback):
        if start is None and step.scale < 1:
            fitted(optimizer, 1.0)  # Before smaller sizes are made for nothing.
        optimizer = fitted(optimizer, step.scale)
        images = scaled(content, step.scale)
        style_images = [scaled(each, step.scale * settings.style_scale) for each in styles]
        network.draw(step, style_images[0], "style")
        measuring = network.measuring(layers, optimizer.tile_size)
        objective = style_objective(
            measuring, images, style_images, settings, optimizer.tile_size, regions
        )
        return optimize_image(
            measuring if regions is None else regions.network,
            objective,
            first(images, objective, optimizer) if start is None else start,
            optimizer=optimizer,
            callback=callback,
        )

    return make
