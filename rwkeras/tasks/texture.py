"""Texture synthesis: an image with the Gram matrices of another (Eq. 5-8)."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.images.batch import as_batch
from rwkeras.networks.features import extract
from rwkeras.objectives.balance import balance
from rwkeras.objectives.objective import Objective, texture_term
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.tasks.settings import TextureSettings, layer_names
from rwkeras.tasks.synthesis import optimize_image, starting_noise

_DEFAULTS = TextureSettings()


def texture_objective(
    model: keras.Model, source: tf.Tensor, settings: TextureSettings
) -> Objective:
    """Returns Eq. 5, its layers balanced, towards the Gram matrices of images.

    Args:
        model: A functional `keras.Model`.
        source: The images, float32 RGB in [0, 1], [batch, height, width, 3].
        settings: The layers and how they are weighted.
    """
    features = extract(model, settings.layers, source)
    objective = Objective()
    for layer in settings.layers:
        objective += texture_term(layer, features[layer])
    return balance(model, objective, source, settings.weighting)


def synthesize_texture(
    model: keras.Model,
    texture: Any,
    layers: Sequence[str] = _DEFAULTS.layers,
    output_size: tuple[int, int] | None = _DEFAULTS.output_size,
    *,
    weighting: str = _DEFAULTS.weighting,
    noise_stddev: float = _DEFAULTS.noise_stddev,
    seed: int = 0,
    optimizer: OptimizerSettings = OptimizerSettings(),
    callback: Callback | None = None,
) -> OptimizationResult:
    """Synthesises a texture like a source, starting from white noise.

    Minimises Eq. 5 of He, Wang and Hopcroft (2016), the sum over layers of w_l E_l.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1].
        texture: The source: a path, a Pillow image, or an array or tensor, uint8 in [0, 255] or
            float in [0, 1], [height, width, 3] or a batch of it.
        layers: The names of the layers whose Gram matrices are matched.
        output_size: (width, height) of the result in pixels; None for the source's.
        weighting: How the weights w_l are found; see `balance`.
        noise_stddev: Of the starting noise, for pixels in [0, 1].
        seed: Of the starting noise.
        optimizer: The optimiser's settings.
        callback: Called with a `Progress` now and then; returns true to stop.

    Returns:
        An `OptimizationResult`, without batch dimension where `texture` has none.

    Raises:
        ValueError: An argument cannot be used; the message says why.
    """
    size = tuple(output_size) if isinstance(output_size, list) else output_size
    settings = TextureSettings(layer_names("layers", layers), size, weighting, noise_stddev)
    source = as_batch(texture, "texture")
    objective = texture_objective(model, source.images, settings)
    batch, height, width, channels = source.images.shape
    if settings.output_size is not None:
        width, height = settings.output_size
    shape = batch, height, width, channels
    start = starting_noise(
        objective, shape, seed, stddev=settings.noise_stddev, optimizer=optimizer
    )
    result = optimize_image(model, objective, start, optimizer=optimizer, callback=callback)
    return result if source.batched else result.unbatched()
