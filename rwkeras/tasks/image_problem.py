"""Compiled problems of objectives over images: losses per precision, cached by model and size."""

from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.cache import CACHE
from rwkeras.compiled import signature
from rwkeras.networks.features import INPUT, feature_extractor
from rwkeras.networks.precision import fast_bfloat16, lower_precision, weights_size
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers.compiled_problem import CompiledProblem
from rwkeras.optimizers.problem import Problem
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.parametrizations.curvature import random_gradient
from rwkeras.tiling.losses import TiledLosses

# Estimated cache weight, in MiB, of a problem compiled for one size, per precision.
_PRECISION_WEIGHT = 32


def _problem(structure: Objective, extractor, lowered) -> Problem:
    """Returns an objective as functions of images and data, in each precision.

    Data are the objective's data and, by layer, a correction added to its activations: none in
    float32; in bfloat16, the rounding error of the activations at a nearby image.
    """

    def features_of(network, images, corrections):
        features = {} if network is None else network(images)
        features = {name: tf.cast(value, tf.float32) for name, value in features.items()}
        corrected = {name: features[name] + value for name, value in corrections.items()}
        return {**features, **corrected, INPUT: images}

    def losses(network):
        def function(images, data):
            values, corrections = data
            return structure.with_data(values)(features_of(network, images, corrections))

        return function

    def gradient(network):
        def function(images, data, seed):
            values, corrections = data
            objective = structure.with_data(values)
            return random_gradient(
                objective, lambda x: features_of(network, x, corrections), images, seed
            )

        return function

    def correct(images, data):
        exact, low = (features_of(network, images, {}) for network in (extractor, lowered))
        return data[0], {name: exact[name] - low[name] for name in structure.layers}

    networks = {"float32": extractor} | ({} if lowered is None else {"bfloat16": lowered})
    return Problem(
        {name: losses(network) for name, network in networks.items()},
        {name: gradient(network) for name, network in networks.items()},
        correct,
    )


def _tiled_problem(structure: Objective, extractor, lowered, tile: int) -> Problem:
    """Returns an objective, evaluated by tiles, as functions of images and data per precision."""
    networks = {"float32": extractor} | ({} if lowered is None else {"bfloat16": lowered})
    return Problem(
        {
            name: _UncorrectedLosses(TiledLosses(network, structure, tile))
            for name, network in networks.items()
        }
    )


class _UncorrectedLosses:
    """Adapts `TiledLosses` to data with corrections, which are ignored."""

    def __init__(self, losses: TiledLosses):
        self.losses = losses

    def __call__(self, images: tf.Tensor, data: Any) -> dict[str, tf.Tensor]:
        return self.losses(images, data[0])

    def value_and_gradient(
        self, images: tf.Tensor, data: Any
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        return self.losses.value_and_gradient(images, data[0])


def _lowered(model: keras.Model, extractor: keras.Model) -> keras.Model:
    """Returns a bfloat16 copy of a model's extractor, cached and shared by all image sizes."""
    key = "lowered", tuple(extractor.output)
    lowered = CACHE.get(model, key, lambda: lower_precision(extractor), weights_size)
    # The cached copy misses later changes to the model's weights, such as calibration.
    lowered.set_weights(extractor.get_weights())
    return lowered


def _weight(compiled: CompiledProblem) -> int:
    return _PRECISION_WEIGHT * len(compiled.problem.losses)


def compiled_problem(
    model: keras.Model, objective: Objective, settings: OptimizerSettings, start: tf.Tensor
) -> CompiledProblem:
    """Returns the compiled problem of a model and an objective's structure, cached per size."""
    low = bool(objective.layers) and (
        settings.precision == "bfloat16" or (settings.precision == "auto" and fast_bfloat16())
    )
    extractor = feature_extractor(model, objective.layers) if objective.layers else None
    lowered = _lowered(model, extractor) if low and extractor is not None else None
    structure, tile = objective.structure, settings.tile_size

    def built() -> CompiledProblem:
        if tile is None or extractor is None:
            problem = _problem(structure, extractor, lowered)
        else:
            problem = _tiled_problem(structure, extractor, lowered, tile)
        return CompiledProblem(problem, settings.optimizer, settings.memory)

    sizes = signature((start, objective.data))
    # The id of the bfloat16 copy: a compiled problem keeps using the copy it was built with, even
    # if the cache has since made another.
    how = settings.optimizer, settings.memory, id(lowered) if low else None, tile
    return CACHE.get(model, ("problem", structure, how, sizes), built, _weight)
