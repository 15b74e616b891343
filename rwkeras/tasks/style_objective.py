"""Objective of style transfer (Eq. 9): content, style and total variation."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.images.batch import ImageBatch
from rwkeras.objectives.objective import Objective, tv_term
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.tasks.presets import style_settings
from rwkeras.tasks.regions import Regions
from rwkeras.tasks.settings import StyleSettings, require_layers
from rwkeras.tasks.terms import content_terms, texture_terms
from rwkeras.validation import invalid_argument


def style_parts(
    model: keras.Model,
    content: tf.Tensor,
    style: tf.Tensor | Sequence[tf.Tensor],
    settings: StyleSettings,
    tile: int | None = None,
    regions: Regions | None = None,
) -> tuple[Objective, Objective]:
    """Returns the content loss and the style loss of Eq. 9, each balanced at its source.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1].
        content: float32 RGB in [0, 1], [batch, height, width, 3].
        style: The same, of any size, with the content's batch size or 1; or a list of these.
        settings: Layers, weighting and how styles are joined. The content, style and TV weights
            are not applied.
        tile: See `OptimizerSettings.tile_size`.
        regions: Regions of the styles; None to apply every style everywhere.
    """
    settings = style_settings(model, settings)
    content_part = content_terms(
        model,
        content,
        require_layers(settings.content_layers),
        weighting=settings.weighting,
        tile=tile,
    )
    if regions is not None:
        return content_part, regions.style_terms(list(style), settings, content)
    style_part = texture_terms(
        model,
        style,
        require_layers(settings.style_layers),
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
    """Returns the objective of Eq. 9; for arguments see `style_parts`."""
    settings = style_settings(model, settings)
    content_part, style_part = style_parts(model, content, style, settings, tile, regions)
    return (
        settings.content_weight * content_part
        + settings.style_weight * style_part
        + settings.tv_weight * tv_term()
    )


def check_regions(
    styles: Sequence[ImageBatch],
    masks: Sequence[Any] | None,
    settings: StyleSettings,
    optimizer: OptimizerSettings,
) -> None:
    """Raises `ValueError` unless masks, styles and settings are compatible."""
    if masks is None or len(masks) != len(styles):
        found = 0 if masks is None else len(masks)
        raise invalid_argument("content_masks", f"one per style, {len(styles)}", found)
    if any(style.images.shape[0] != 1 for style in styles):
        raise invalid_argument("style", "one image per region with `content_masks`", "a batch")
    if settings.source_weights is not None:
        given = list(settings.source_weights)
        raise invalid_argument("source_weights", "None with `content_masks`", given)
    if settings.join != StyleSettings.join:
        expected = f"'{StyleSettings.join}' with `content_masks`, which does not combine styles"
        raise invalid_argument("join", expected, settings.join)
    if optimizer.tile_size is not None:
        expected = "None with `content_masks`, which apply to the whole picture"
        raise invalid_argument("tile_size", expected, optimizer.tile_size)


def all_layers(settings: StyleSettings) -> tuple[str, ...]:
    """Returns the layers of content and style, without duplicates."""
    content, style = settings.content_layers, settings.style_layers
    return tuple(dict.fromkeys(require_layers(content) + require_layers(style)))
