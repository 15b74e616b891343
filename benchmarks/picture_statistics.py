"""Texture synthesis with statistics other than Gram matrices, for `benchmarks.pictures`.

Sizes, draws, mirrored borders, balancing of layers and the initial image are those of
`rwkeras.synthesize_texture` for the multi-scale network.
"""

from collections.abc import Callable as Function
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

import rwkeras
from rwkeras.backend import keras
from rwkeras.images.batch import as_batch
from rwkeras.networks.multiscale import gram_layers
from rwkeras.objectives.balance import balance
from rwkeras.objectives.objective import Objective, texture_term
from rwkeras.optimizers.settings import Callback
from rwkeras.tasks.scales import Step, coarse_to_fine, planned_steps, scaled
from rwkeras.tasks.settings import DRAWS, TEXTURE_SCALES, TextureSettings
from rwkeras.tasks.synthesis import optimize_image, starting_noise
from rwkeras.tasks.task_network import TaskNetwork

# Returns the objective of a layer, given its activations on the source and the step's index.
Statistic = Function[[str, tf.Tensor, int], Objective]

# Shifts in positions; correlations at a distance capture repeating structure.
_SHIFTS = ((0, 4), (4, 0), (4, 4), (4, -4))
_PROJECTIONS = 64


def _gram(layer: str, features: tf.Tensor, number: int) -> Objective:
    return texture_term(layer, features)


def _moments(layer: str, features: tf.Tensor, number: int) -> Objective:
    return rwkeras.moments_term(layer, features)


def _sliced_wasserstein(layer: str, features: tf.Tensor, number: int) -> Objective:
    """Returns the sliced Wasserstein term, with new random directions at each step."""
    return rwkeras.sliced_wasserstein_term(layer, features, projections=_PROJECTIONS, seed=number)


def _shifted(layer: str, features: tf.Tensor, number: int) -> Objective:
    """Returns Gram terms without and, if the layer is large enough for them, with shifts."""
    reach = max(max(map(abs, shift)) for shift in _SHIFTS)
    if min(features.shape[1:3]) <= 2 * reach:
        return _gram(layer, features, number)
    return _gram(layer, features, number) + rwkeras.shifted_gram_term(layer, features, _SHIFTS)


STATISTICS: dict[str, Statistic] = {
    "gram": _gram,
    "moments": _moments,
    "sliced_wasserstein": _sliced_wasserstein,
    "shifted": _shifted,
}


def _objective(
    model: keras.Model,
    source: tf.Tensor,
    layers: Sequence[str],
    statistic: Statistic,
    number: int,
    spectrum: bool,
) -> Objective:
    """Returns the balanced terms of layers for a source, optionally with its spectrum."""
    activations = rwkeras.feature_extractor(model, layers)(source)
    terms = [statistic(layer, activations[layer], number) for layer in layers]
    if spectrum:
        terms.append(rwkeras.spectrum_term(source))
    return balance(model, sum(terms, start=Objective()), source)


def texture_by(
    statistic: str,
    texture: Any,
    *,
    layers: tuple[str, ...] = gram_layers(),
    spectrum: bool = False,
    seed: int,
    optimizer: rwkeras.OptimizerSettings,
    callback: Callback | None,
) -> rwkeras.OptimizationResult:
    """Synthesises a texture by matching a statistic of the multi-scale network's layers.

    Args:
        statistic: One of `STATISTICS`.
        texture: The source, float32 RGB in [0, 1], [height, width, 3].
        layers: Names of the layers.
        spectrum: Whether to match the image's spectrum too, like a further layer; see
            `spectrum_term`.
        seed: Seed of the network and of the initial noise.
        optimizer: Settings of the optimiser.
        callback: See `Callback`.
    """
    source = as_batch(texture, "texture").images
    network = TaskNetwork(rwkeras.multiscale(seed=seed), seed, DRAWS)

    def make(step: Step, start, settings, tell):
        images = scaled(source, step.scale)
        network.draw(step, images, "texture")
        model = network.evaluation_model(layers, None)
        objective = _objective(model, images, layers, STATISTICS[statistic], step.number, spectrum)
        if start is None:
            stddev = TextureSettings.noise_stddev
            start = starting_noise(objective, images.shape, seed, stddev=stddev, optimizer=settings)
        return optimize_image(model, objective, start, optimizer=settings, callback=tell)

    size = int(source.shape[1]), int(source.shape[2])
    steps = planned_steps(max(size), TEXTURE_SCALES, optimizer.max_iterations, network.draws)
    result = coarse_to_fine(make, size, steps, TEXTURE_SCALES, optimizer, callback)
    return result.unbatched()
