"""Texture synthesis: an image with the Gram matrices of others (Eq. 5-8)."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.images.batch import ImageBatch, as_batch
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.tasks.measured import texture_terms
from rwkeras.tasks.settings import TextureSettings, layer_names
from rwkeras.tasks.synthesis import optimize_image, starting_noise
from rwkeras.validation import invalid_argument

_DEFAULTS = TextureSettings()


def as_sources(images: Any, name: str) -> list[ImageBatch]:
    """Converts what a user calls one or several sources.

    Args:
        images: Whatever `as_batch` takes, or a list or tuple of such, of any sizes.
        name: The argument, as the caller spells it, for messages.

    Raises:
        ValueError: There is none, or one is not an image.
    """
    several = images if isinstance(images, list | tuple) else [images]
    if not several:
        raise invalid_argument(name, "at least one image", images)
    return [as_batch(image, name) for image in several]


def check_batches(name: str, sources: Sequence[ImageBatch], batch: int) -> None:
    """Raises `ValueError` unless every source is of one image or of as many as the results."""
    for source in sources:
        count = source.images.shape[0]
        if count not in (1, batch):
            raise invalid_argument(name, f"one image or {batch}", f"{count} images")


def texture_objective(
    model: keras.Model,
    source: tf.Tensor | Sequence[tf.Tensor],
    settings: TextureSettings,
    tile: int | None = None,
) -> Objective:
    """Returns Eq. 5, its layers balanced, towards the Gram matrices of images.

    Args:
        model: A functional `keras.Model`.
        source: The images, float32 RGB in [0, 1], [batch, height, width, 3]; of several sources,
            a list of such.
        settings: The layers, how they are weighted and how sources are joined.
        tile: See `OptimizerSettings.tile_size`.
    """
    return texture_terms(
        model,
        source,
        settings.layers,
        kind="texture",
        weighting=settings.weighting,
        join=settings.join,
        weights=settings.source_weights,
        tile=tile,
    )


def synthesize_texture(
    model: keras.Model,
    texture: Any,
    layers: Sequence[str] = _DEFAULTS.layers,
    output_size: tuple[int, int] | None = _DEFAULTS.output_size,
    *,
    join: str = _DEFAULTS.join,
    source_weights: Sequence[float] | None = _DEFAULTS.source_weights,
    weighting: str = _DEFAULTS.weighting,
    noise_stddev: float = _DEFAULTS.noise_stddev,
    seed: int = 0,
    optimizer: OptimizerSettings = OptimizerSettings(),
    callback: Callback | None = None,
) -> OptimizationResult:
    """Synthesises a texture like one or several sources, starting from white noise.

    Minimises Eq. 5 of He, Wang and Hopcroft (2016), the sum over layers of w_l E_l.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1].
        texture: The source: a path, a Pillow image, or an array or tensor, uint8 in [0, 255] or
            float in [0, 1], [height, width, 3] or a batch of it, one texture for each result. A
            list or tuple of these are several sources of one texture, of any sizes.
        layers: The names of the layers whose Gram matrices are matched.
        output_size: (width, height) of the result in pixels; None for the first source's.
        join: How the Gram matrices of several sources become one: "mean", that of their union,
            "max" or "log_euclidean"; see `join_grams`.
        source_weights: How much each of several sources counts; None for its size.
        weighting: How the weights w_l are found; see `balance`.
        noise_stddev: Of the starting noise, for pixels in [0, 1].
        seed: Of the starting noise.
        optimizer: The optimiser's settings.
        callback: Called with a `Progress` now and then; returns true to stop.

    Returns:
        An `OptimizationResult`, without batch dimension where no source has one.

    Raises:
        ValueError: An argument cannot be used; the message says why.
    """
    size = tuple(output_size) if isinstance(output_size, list) else output_size
    settings = TextureSettings(
        layer_names("layers", layers), size, weighting, noise_stddev, join, source_weights
    )
    sources = as_sources(texture, "texture")
    batch = max(source.images.shape[0] for source in sources)
    check_batches("texture", sources, batch)
    objective = texture_objective(
        model, [source.images for source in sources], settings, optimizer.tile_size
    )
    _, height, width, channels = sources[0].images.shape
    if settings.output_size is not None:
        width, height = settings.output_size
    start = starting_noise(
        objective,
        (batch, height, width, channels),
        seed,
        stddev=settings.noise_stddev,
        optimizer=optimizer,
    )
    result = optimize_image(model, objective, start, optimizer=optimizer, callback=callback)
    return result if any(source.batched for source in sources) else result.unbatched()
