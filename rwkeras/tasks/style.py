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
from rwkeras.tasks.drawn import TaskNetwork
from rwkeras.tasks.measured import content_terms, texture_terms
from rwkeras.tasks.memory import within_memory
from rwkeras.tasks.regions import Regions
from rwkeras.tasks.scales import (
    ScaleSettings,
    coarse_to_fine,
    planned_steps,
    resized,
    scaled,
    scaled_shape,
)
from rwkeras.tasks.settings import INITS, StyleSettings, layer_names, style_settings
from rwkeras.tasks.start import as_start, warn_of_stretching
from rwkeras.tasks.synthesis import optimize_image, starting_noise
from rwkeras.tasks.texture import as_sources, check_batches, check_source_weights
from rwkeras.validation import checked_number, checked_seed, invalid_argument

_DEFAULTS = StyleSettings()
STYLE_SCALES = ScaleSettings(smallest=64)


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
    content_part = content_terms(
        model, content, settings.content_layers, weighting=settings.weighting, tile=tile
    )
    if regions is not None:
        return content_part, regions.style_terms(list(style), settings, content)
    style_part = texture_terms(
        model,
        style,
        settings.style_layers,
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
    if settings.join != _DEFAULTS.join:
        expected = f"'{_DEFAULTS.join}' with `content_masks`, where no styles are joined"
        raise invalid_argument("join", expected, settings.join)
    if optimizer.tile_size is not None:
        expected = "None with `content_masks`, which are of the whole picture"
        raise invalid_argument("tile_size", expected, optimizer.tile_size)


@eager_only
def transfer_style(
    model: keras.Model | str,
    content: Any,
    style: Any,
    *,
    content_layers: Sequence[str] | None = None,
    style_layers: Sequence[str] | None = None,
    content_weight: float | None = None,
    style_weight: float | None = None,
    tv_weight: float | None = None,
    content_side: int | None = None,
    join: str = _DEFAULTS.join,
    source_weights: Sequence[float] | None = _DEFAULTS.source_weights,
    weighting: str = _DEFAULTS.weighting,
    init: Any = _DEFAULTS.init,
    noise_stddev: float = _DEFAULTS.noise_stddev,
    style_scale: float = 1.0,
    content_masks: Sequence[Any] | None = None,
    style_masks: Sequence[Any] | None = None,
    scales: ScaleSettings | None = STYLE_SCALES,
    draws: int | None = None,
    seed: int = 0,
    optimizer: OptimizerSettings = OptimizerSettings(),
    callback: Callback | None = None,
) -> OptimizationResult:
    """Repaints an image in the style of another, or of several.

    Minimises Eq. 9 of He, Wang and Hopcroft (2016): content_weight * content +
    style_weight * style + tv_weight * total variation. See `STYLE_PRESETS` for named choices:
    `transfer_style(model, content, style, **dataclasses.asdict(STYLE_PRESETS["paper"]))`.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1], which is used as it is, or the
            name of a network, such as "multiscale", which makes the best styles: that is drawn
            anew and standardised on the style at each step. See `TaskNetwork`.
        content: What to paint: a path, a Pillow image, or an array or tensor, uint8 in [0, 255]
            or float in [0, 1], [height, width, 3] or a batch of it.
        style: How to paint it: the same, of any size; one for all or one for each. A list or tuple
            of these are several sources of one style.
        content_layers: Layers whose activations are matched to the content image's. Of these and
            the next five, None is what suits the network; see `style_settings`.
        style_layers: Layers whose Gram matrices are matched to the style image's.
        content_weight: The alpha of Eq. 9, at least 0.
        style_weight: The beta of Eq. 9, at least 0.
        tv_weight: The gamma of Eq. 9, at least 0, for pixels in [0, 1].
        content_side: The longer side, in pixels, above which the content weight falls in inverse
            proportion to the side.
        join: How the Gram matrices of several styles become one: "mean", that of their union,
            "max" or "log_euclidean"; see `join_grams`.
        source_weights: How much each of several styles counts; None for its size.
        weighting: How layers are weighted among each other; see `balance`.
        init: "content" to start from the content image, "noise" from white noise as the paper, or
            an image to start from, which is brought to the content's size; the path of a decoder's
            `.keras` file starts from what that makes of the content.
        noise_stddev: Of the noise, for pixels in [0, 1].
        style_scale: How large the styles are taken, as a factor of their size: smaller ones give
            finer strokes.
        content_masks: Where each of as many styles goes: grey images, white where it does, of the
            content's proportions. Every style everywhere if there are none. See `with_regions`.
        style_masks: Which part of each style is taken, grey images of its proportions.
        scales: By what sizes the result is made, from coarse to fine; None for at once.
        draws: By how many draws of a network by name each size is made; None for as many as suit.
        seed: Of the noise, and of a network by name.
        optimizer: The optimiser's settings.
        callback: Called with a `Progress` now and then; returns true to stop.

    Returns:
        An `OptimizationResult`, without batch dimension where `content` has none.

    Raises:
        ValueError: An argument cannot be used; the message says why.
    """
    seed = checked_seed(seed)
    with TaskNetwork(model, seed, draws) as network:
        given: dict[str, Any] = {}
        for name, layers in (("content_layers", content_layers), ("style_layers", style_layers)):
            if layers is not None:
                given[name] = layer_names(name, layers)
        given |= {
            "content_weight": content_weight,
            "style_weight": style_weight,
            "tv_weight": tv_weight,
            "content_side": content_side,
        }
        settings = dataclasses.replace(
            style_settings(network.model),
            **{name: value for name, value in given.items() if value is not None},
            weighting=weighting,
            init=init if isinstance(init, str) and init in INITS else "content",
            noise_stddev=noise_stddev,
            join=join,
            source_weights=source_weights,
        )
        target, styles = as_batch(content, "content"), as_sources(style, "style")
        size = tuple(target.images.shape[1:3])
        factor = settings.content_factor(max(size))
        settings = dataclasses.replace(settings, content_weight=factor * settings.content_weight)
        check_batches("style", styles, target.images.shape[0])
        check_source_weights(settings.source_weights, len(styles))
        style_scale = checked_number("style_scale", style_scale, exclusive=True)
        regions = None
        layers = tuple(dict.fromkeys(settings.content_layers + settings.style_layers))
        network.prepare(layers, target.images, "content")
        if content_masks is not None or style_masks is not None:
            _check_regions(styles, content_masks, settings, optimizer)
            regions = Regions(
                network.measuring(layers, None),
                settings.style_layers,
                content_masks or (),
                style_masks,
                target.images,
                [each.images for each in styles],
            )
        started = None
        if not (isinstance(init, str) and init in INITS):
            started = as_start(init, target.images)
            warn_of_stretching(started, target.images)
        steps = planned_steps(max(size), scales, optimizer.max_iterations, network.draws)

        def fitted(optimizer, scale):
            shape = scaled_shape(target.images.shape, scale)
            style_shapes = (scaled_shape(each.images.shape, scale * style_scale) for each in styles)
            return within_memory(
                network.model if regions is None else regions.network,
                list(layers),
                shape,
                [shape, *style_shapes],
                optimizer,
                sizes=len({step.scale for step in steps}),
                whole=None if regions is None else "a picture with `content_masks`",
            )

        def make(step, start, optimizer, callback):
            if start is None and step.scale < 1:
                fitted(optimizer, 1.0)  # Before smaller sizes are made for nothing.
            optimizer = fitted(optimizer, step.scale)
            images = scaled(target.images, step.scale)
            style_images = [scaled(each.images, step.scale * style_scale) for each in styles]
            network.draw(step, style_images[0], "style")
            measuring = network.measuring(layers, optimizer.tile_size)
            objective = style_objective(
                measuring, images, style_images, settings, optimizer.tile_size, regions
            )
            if start is None and started is not None:
                start = resized(started, tuple(images.shape[1:3]))
            elif start is None and settings.init == "noise":
                start = starting_noise(
                    objective, images.shape, seed, stddev=settings.noise_stddev, optimizer=optimizer
                )
            elif start is None:
                start = images
            return optimize_image(
                measuring if regions is None else regions.network,
                objective,
                start,
                optimizer=optimizer,
                callback=callback,
            )

        result = coarse_to_fine(make, size, steps, scales, optimizer, callback)
        return result if target.batched else result.unbatched()
