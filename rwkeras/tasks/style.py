"""Style transfer: the content of one image in the style of another (Eq. 9)."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.images.batch import as_batch
from rwkeras.networks.features import extract
from rwkeras.objectives.balance import balance
from rwkeras.objectives.objective import Objective, content_term, tv_term
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.tasks.settings import StyleSettings, layer_names
from rwkeras.tasks.synthesis import optimize_image, starting_noise
from rwkeras.tasks.texture import as_sources, check_batches, texture_terms

_DEFAULTS = StyleSettings()


def style_parts(
    model: keras.Model,
    content: tf.Tensor,
    style: tf.Tensor | Sequence[tf.Tensor],
    settings: StyleSettings,
) -> tuple[Objective, Objective]:
    """Returns the content and the style of Eq. 9, each balanced at its source.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1].
        content: float32 RGB in [0, 1], [batch, height, width, 3].
        style: The same, of any size; a batch of as many or of one. Of several, a list of such.
        settings: Layers, weighting and how styles are joined; its weights are not applied.
    """
    content_part = Objective()
    features = extract(model, settings.content_layers, content)
    for layer in settings.content_layers:
        content_part += content_term(layer, features[layer])
    content_part = balance(model, content_part, content, settings.weighting)
    style_part = texture_terms(
        model,
        style,
        settings.style_layers,
        kind="style",
        weighting=settings.weighting,
        join=settings.join,
    )
    return content_part, style_part


def style_objective(
    model: keras.Model,
    content: tf.Tensor,
    style: tf.Tensor | Sequence[tf.Tensor],
    settings: StyleSettings,
) -> Objective:
    """Returns Eq. 9; arguments as of `style_parts`."""
    content_part, style_part = style_parts(model, content, style, settings)
    return (
        settings.content_weight * content_part
        + settings.style_weight * style_part
        + settings.tv_weight * tv_term()
    )


def transfer_style(
    model: keras.Model,
    content: Any,
    style: Any,
    *,
    content_layers: Sequence[str] = _DEFAULTS.content_layers,
    style_layers: Sequence[str] = _DEFAULTS.style_layers,
    content_weight: float = _DEFAULTS.content_weight,
    style_weight: float = _DEFAULTS.style_weight,
    tv_weight: float = _DEFAULTS.tv_weight,
    join: str = _DEFAULTS.join,
    weighting: str = _DEFAULTS.weighting,
    init: str = _DEFAULTS.init,
    noise_stddev: float = _DEFAULTS.noise_stddev,
    seed: int = 0,
    optimizer: OptimizerSettings = OptimizerSettings(),
    callback: Callback | None = None,
) -> OptimizationResult:
    """Repaints an image in the style of another, or of several.

    Minimises Eq. 9 of He, Wang and Hopcroft (2016): content_weight * content +
    style_weight * style + tv_weight * total variation. See `STYLE_PRESETS` for named choices:
    `transfer_style(model, content, style, **dataclasses.asdict(STYLE_PRESETS["paper"]))`.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1].
        content: What to paint: a path, a Pillow image, or an array or tensor, uint8 in [0, 255]
            or float in [0, 1], [height, width, 3] or a batch of it.
        style: How to paint it: the same, of any size; one for all or one for each. A list or tuple
            of these are several sources of one style.
        content_layers: Layers whose activations are matched to the content image's.
        style_layers: Layers whose Gram matrices are matched to the style image's.
        content_weight: The alpha of Eq. 9, at least 0.
        style_weight: The beta of Eq. 9, at least 0.
        tv_weight: The gamma of Eq. 9, at least 0, for pixels in [0, 1].
        join: How the Gram matrices of several styles become one: "mean", that of their union,
            "max" or "log_euclidean"; see `joined_gram`.
        weighting: How layers are weighted among each other; see `balance`.
        init: "content" to start from the content image, "noise" from white noise as the paper.
        noise_stddev: Of the noise, for pixels in [0, 1].
        seed: Of the noise.
        optimizer: The optimiser's settings.
        callback: Called with a `Progress` now and then; returns true to stop.

    Returns:
        An `OptimizationResult`, without batch dimension where `content` has none.

    Raises:
        ValueError: An argument cannot be used; the message says why.
    """
    settings = StyleSettings(
        content_layers=layer_names("content_layers", content_layers),
        style_layers=layer_names("style_layers", style_layers),
        content_weight=content_weight,
        style_weight=style_weight,
        tv_weight=tv_weight,
        weighting=weighting,
        init=init,
        noise_stddev=noise_stddev,
        join=join,
    )
    target, styles = as_batch(content, "content"), as_sources(style, "style")
    check_batches("style", styles, target.images.shape[0])
    manners = [manner.images for manner in styles]
    objective = style_objective(model, target.images, manners, settings)
    start = target.images
    if settings.init == "noise":
        start = starting_noise(
            objective, start.shape, seed, stddev=settings.noise_stddev, optimizer=optimizer
        )
    result = optimize_image(model, objective, start, optimizer=optimizer, callback=callback)
    return result if target.batched else result.unbatched()
