"""Texture synthesis: an image with the Gram matrices of others (Eq. 5-8)."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.images.batch import ImageBatch, as_batch
from rwkeras.networks.circular import circular_period
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.tasks.measured import texture_terms
from rwkeras.tasks.memory import within_memory
from rwkeras.tasks.scales import Maker, ScaleSettings, coarse_to_fine, scaled, scaled_shape
from rwkeras.tasks.settings import TextureSettings, layer_names
from rwkeras.tasks.synthesis import optimize_image, starting_noise
from rwkeras.tasks.tileable import check_tileable, resized_around, tileable_networks
from rwkeras.validation import check_number, checked_seed, invalid_argument

_DEFAULTS = TextureSettings()

# By what sizes textures are made, by trial on pebbles and bricks: a VGG-19's first four stages see
# all of their structure in 48 pixels, and grain wants more iterations at the last size than else.
TEXTURE_SCALES = ScaleSettings(smallest=48, step=2, least_iterations=80)


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


def check_source_weights(weights: Sequence[float] | None, count: int) -> None:
    """Raises `ValueError` unless there is a weight for each source, or none at all."""
    if weights is None:
        return
    for weight in weights:
        check_number("source_weights", weight)
    if len(weights) != count or not any(weights):
        expected = f"as many numbers of at least 0 as sources, {count}, not all 0"
        raise invalid_argument("source_weights", expected, list(weights))


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


def _begun_alike(
    scales: ScaleSettings, size: tuple[int, int], sources: Sequence[tf.Tensor]
) -> ScaleSettings:
    """Returns sizes for a picture of a height and width whose sources shrink with it.

    They begin where the picture, or the smallest of the sources, is as small as it may be.
    """
    smallest = min(max(size), *(max(images.shape[1:3]) for images in sources))
    return dataclasses.replace(scales, smallest=math.ceil(scales.smallest * max(size) / smallest))


def _maker(
    measure: keras.Model,
    network: keras.Model,
    sources: Sequence[tf.Tensor],
    settings: TextureSettings,
    size: tuple[int, int],
    sizes: int,
    seed: int,
) -> Maker:
    """Returns what makes a texture of some scale.

    Args:
        measure: The network of the sources.
        network: That of the texture, the same unless the texture wraps around.
        sources: float32 RGB in [0, 1], [batch or 1, height, width, 3].
        settings: The objective's, and the starting noise's.
        size: Height and width at scale 1.
        sizes: How many scales there will be.
        seed: Of the starting noise.
    """
    period, made = circular_period(network), list[np.ndarray]()
    batch = max(images.shape[0] for images in sources)

    def shape_at(scale):
        here = (max(1, round(side * scale / period)) * period for side in size)
        return batch, *here, sources[0].shape[3]

    def fitted(optimizer, scale):
        return within_memory(
            network,
            settings.layers,
            shape_at(scale),
            [scaled_shape(each.shape, scale) for each in sources],
            optimizer,
            sizes=sizes,
            whole=None if network is measure else "a tileable texture",
        )

    def make(scale, start, optimizer, callback):
        if start is None and scale < 1:
            fitted(optimizer, 1.0)  # Before smaller sizes are made for nothing.
        optimizer, shape = fitted(optimizer, scale), shape_at(scale)
        images = [scaled(source, scale) for source in sources]
        objective = texture_objective(measure, images, settings, optimizer.tile_size)
        if start is None:
            start = starting_noise(
                objective, shape, seed, stddev=settings.noise_stddev, optimizer=optimizer
            )
        elif network is not measure:
            start = resized_around(tf.constant(made[-1]), shape[1:3])
        result = optimize_image(network, objective, start, optimizer=optimizer, callback=callback)
        made.append(result.image)
        return result

    return make


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
    tileable: bool = False,
    scales: ScaleSettings | None = None,
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
        tileable: Whether the result can be laid side by side with itself without a seam. It is then
            measured by the network of `with_circular_padding`, and the sources, which have borders,
            by that of `with_mirrored_padding`; the sides must be multiples of what the network's
            poolings take together.
        scales: By what sizes the result is made, from coarse to fine, the sources made smaller
            with it; None for at once. The longer sides of result and sources are at least
            `smallest` at first.
        seed: Of the starting noise.
        optimizer: The optimiser's settings.
        callback: Called with a `Progress` now and then; returns true to stop.

    Returns:
        An `OptimizationResult`, without batch dimension where no source has one.

    Raises:
        ValueError: An argument cannot be used; the message says why.
    """
    given = tuple(output_size) if isinstance(output_size, list) else output_size
    settings = TextureSettings(
        layer_names("layers", layers), given, weighting, noise_stddev, join, source_weights
    )
    seed = checked_seed(seed)
    sources = as_sources(texture, "texture")
    check_batches("texture", sources, max(source.images.shape[0] for source in sources))
    check_source_weights(settings.source_weights, len(sources))
    images = [source.images for source in sources]
    _, height, width, _ = images[0].shape
    if settings.output_size is not None:
        width, height = settings.output_size
    size, measure, network = (height, width), model, model
    if tileable:
        measure, network = tileable_networks(model, settings.layers)
        check_tileable(size, circular_period(network), optimizer)
        if optimizer.checkpoint_dir is not None:  # Weights do not tell the two networks apart.
            folder = f"{optimizer.checkpoint_dir}/tileable"
            optimizer = dataclasses.replace(optimizer, checkpoint_dir=folder)
    if scales is not None:
        scales = _begun_alike(scales, size, images)
    sizes = 1 if scales is None else len(scales.scales(max(size)))
    make = _maker(measure, network, images, settings, size, sizes, seed)
    if scales is None:
        result = make(1.0, None, optimizer, callback)
    else:
        result = coarse_to_fine(make, size, scales, optimizer, callback)
    return result if any(source.batched for source in sources) else result.unbatched()
