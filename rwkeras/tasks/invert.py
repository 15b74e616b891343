"""Inversion: recovery of an image from its activations at one layer (Eq. 1-4)."""

import os
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.decoders.decnn import load_decoder
from rwkeras.decoders.decode import decode
from rwkeras.decoders.match import check_decoder
from rwkeras.eager import eager_only
from rwkeras.images.batch import as_batch
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.settings import check_settings
from rwkeras.tasks.memory import fit_to_memory
from rwkeras.tasks.scales import resized
from rwkeras.tasks.settings import InversionSettings
from rwkeras.tasks.start import NOISE, as_start, warn_of_stretching
from rwkeras.tasks.synthesis import optimize_image, starting_noise
from rwkeras.tasks.terms import content_terms


def inversion_objective(
    model: keras.Model, source: tf.Tensor, settings: InversionSettings, tile: int | None = None
) -> Objective:
    """Returns the balanced content loss (Eq. 1) of a layer, with target activations from images.

    Args:
        model: A functional `keras.Model`.
        source: The images, float32 RGB in [0, 1], [batch, height, width, 3].
        settings: The layer and its weighting.
        tile: See `OptimizerSettings.tile_size`.
    """
    return content_terms(model, source, [settings.layer], weighting=settings.weighting, tile=tile)


def _initial_images(init: Any, model: keras.Model, layer: str, images: tf.Tensor) -> tf.Tensor:
    """Returns the initial images given by the user, at the size of the source.

    Args:
        init: A decoder for the layer, or an image; see `invert`.
        model: The network.
        layer: Name of the layer.
        images: The source, float32 RGB in [0, 1], [batch, height, width, 3].
    """
    path = os.fspath(init) if isinstance(init, str | os.PathLike) else None
    if isinstance(init, keras.Model) or (path is not None and path.endswith(".keras")):
        decoder = load_decoder(init, "init")
        check_decoder(decoder, model, layer, "init")
        return tf.constant(decode(decoder, images))
    start = as_start(init, images, (NOISE,))
    warn_of_stretching(start, images)
    return resized(start, tuple(images.shape[1:3]))


@eager_only
def invert(
    model: keras.Model,
    image: Any,
    settings: InversionSettings = InversionSettings(),
    *,
    init: Any = NOISE,
    optimizer: OptimizerSettings = OptimizerSettings(),
    callback: Callback | None = None,
) -> OptimizationResult:
    """Recovers an image from its activations at one layer.

    Minimises Eq. 1 of He, Wang and Hopcroft (2016), w ||F(x) - F(x0)||^2 / (2 N M), without any
    image prior.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1].
        image: The source: a path, a Pillow image, or an array or tensor, uint8 in [0, 255] or
            float in [0, 1], [height, width, 3] or a batch of it.
        settings: The layer, the weighting of its loss, and the noise.
        init: Initial image: "noise"; a decoder for this layer of this network, in any form that
            `load_decoder` accepts, whose output is used; or an image in any form that `as_batch`
            accepts, which is resized to the source.
        optimizer: Settings of the optimiser.
        callback: Called with a `Progress` at intervals; returns true to stop.

    Returns:
        An `OptimizationResult`, without batch dimension where `image` has none.

    Raises:
        ValueError: An argument is invalid.
    """
    check_settings(settings, InversionSettings)
    source = as_batch(image)
    shape = source.images.shape
    optimizer = fit_to_memory(model, [settings.layer], shape, [shape], optimizer, adapts=True)
    objective = inversion_objective(model, source.images, settings, optimizer.tile_size)
    if isinstance(init, str) and init == NOISE:
        start = starting_noise(
            objective, shape, settings.seed, stddev=settings.noise_stddev, optimizer=optimizer
        )
    else:
        start = _initial_images(init, model, settings.layer, source.images)
    result = optimize_image(model, objective, start, optimizer=optimizer, callback=callback)
    return result if source.batched else result.unbatched()
