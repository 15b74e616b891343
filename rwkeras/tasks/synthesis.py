"""Minimisation of an objective over images, shared by all tasks."""

import dataclasses
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.cache import CACHE
from rwkeras.compiled import signature
from rwkeras.digests import digest
from rwkeras.eager import eager_only
from rwkeras.networks.features import INPUT, check_image_shape, feature_extractor
from rwkeras.networks.precision import fast_bfloat16, lower_precision, weights_size
from rwkeras.objectives.losses import content_loss
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers.checkpoint import Checkpoints
from rwkeras.optimizers.compiled_problem import CompiledProblem
from rwkeras.optimizers.loop import minimize
from rwkeras.optimizers.problem import Problem
from rwkeras.optimizers.run import Run
from rwkeras.optimizers.run_state import RunState
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.parametrizations.curvature import random_gradient
from rwkeras.parametrizations.filters import apply_filters
from rwkeras.parametrizations.parametrization import fourier_filter
from rwkeras.random import derive_seed, stateless_normal
from rwkeras.tiling.losses import TiledLosses
from rwkeras.validation import invalid_argument

# Estimated cache weight, in MiB, of a problem compiled for one size, per precision.
_PRECISION_WEIGHT = 32


def white_noise(
    shape: tuple[int, int, int, int], seed: int, *, stddev: float, mean: float = 0.5
) -> tf.Tensor:
    """Returns white Gaussian noise, the initial image in the papers.

    Args:
        shape: [batch, height, width, channels].
        seed: Seed of the noise.
        stddev: Standard deviation, for pixels in [0, 1].
        mean: Mean, for pixels in [0, 1].
    """
    return mean + stddev * stateless_normal(shape, derive_seed(seed, "noise"))


def parametrization(objective: Objective, settings: OptimizerSettings) -> str:
    """Returns the effective parametrisation, with "adaptive" resolved for the objective.

    "adaptive" is kept if all targets are activations compared by Eq. 1, and becomes "pixels"
    otherwise. For Gram matrices, the curvature at noise is unrelated to that at the solution, and
    the prior suppresses the grain of textures: from the same start, patch distances were twice
    those with pixels. Tiled objectives provide no curvature.
    """
    losses = {term.loss for term in objective.terms if term.target is not None}
    tiled = settings.tile_size is not None
    if settings.parametrization == "adaptive" and (tiled or losses != {content_loss}):
        return "pixels"
    return settings.parametrization


def starting_noise(
    objective: Objective,
    shape: tuple[int, int, int, int],
    seed: int,
    *,
    stddev: float,
    optimizer: OptimizerSettings,
) -> tf.Tensor:
    """Returns the initial noise for the effective parametrisation.

    Noise is white for "pixels". For the others it has the spectrum and the colour correlations that
    they assume of photographs: components that a layer is blind to keep their initial values, so
    the high frequencies of white noise would remain in the result.
    """
    white = white_noise(shape, seed, stddev=stddev, mean=0.0)
    filters = None
    if parametrization(objective, optimizer) != "pixels":
        filters = fourier_filter(
            *shape[1:3], optimizer.fourier_exponent, optimizer.decorrelate_colors
        )
    return 0.5 + apply_filters(filters, white)


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


def _compiled_problem(
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


def _checkpoints(
    run: Run, model: keras.Model, objective: Objective, start: tf.Tensor
) -> Checkpoints | None:
    """Returns the run's checkpoints, or None without a checkpoint folder."""
    settings = run.settings
    if settings.checkpoint_dir is None:
        return None
    weights = feature_extractor(model, objective.layers).get_weights() if objective.layers else []
    description = {
        "terms": [term.name for term in objective.terms],
        **dataclasses.asdict(settings),
        "bfloat16": settings.precision != "float32" and fast_bfloat16(),
        "start": [list(start.shape), digest([start])],
        "network": digest(weights),
        "objective": digest(tf.nest.flatten(objective.data)),
    }
    for name in ("checkpoint_dir", "checkpoint_seconds", "max_memory", "report_every"):
        del description[name]
    return Checkpoints(run.state, settings.checkpoint_dir, description, settings.checkpoint_seconds)


def begin_run(
    model: keras.Model,
    objective: Objective,
    start: tf.Tensor,
    settings: OptimizerSettings,
    state: RunState | None = None,
) -> Run:
    """Returns a run at its start or at a given state, in the effective parametrisation.

    Args:
        model: See `optimize_image`.
        objective: See `optimize_image`.
        start: See `optimize_image`.
        settings: Settings of the optimiser.
        state: State to continue from; None for the start.
    """
    problem = _compiled_problem(model, objective, settings, start)
    name = parametrization(objective, settings)
    settings = dataclasses.replace(settings, parametrization=name)
    return Run(problem, start, (objective.data, {}), objective.values, settings, state)


@eager_only
def optimize_image(
    model: keras.Model,
    objective: Objective,
    start: tf.Tensor,
    *,
    optimizer: OptimizerSettings = OptimizerSettings(),
    callback: Callback | None = None,
) -> OptimizationResult:
    """Minimises an objective over images.

    Safe to call from several threads, which may share a model unless one of them changes its
    weights. Compiled functions are cached for later calls with the same layers, losses and sizes;
    see `Cache`.

    Args:
        model: A functional `keras.Model` of images in [0, 1] with the objective's layers.
        objective: The objective.
        start: Initial images, float32, [batch, height, width, 3].
        optimizer: Settings of the optimiser.
        callback: Called with a `Progress` at intervals; returns true to stop.

    Returns:
        An `OptimizationResult` with the best images and their losses by term.

    Raises:
        ValueError: The objective has no terms or names a layer that the model lacks, the images
            do not fit the model, or `max_memory` is set.
    """
    if optimizer.max_memory is not None:
        expected = "None for an objective of one's own; `tile_size` bounds what it takes"
        raise invalid_argument("max_memory", expected, optimizer.max_memory)
    if not objective.terms:
        raise invalid_argument("objective", "an objective of at least one term", objective.terms)
    if objective.layers:
        check_image_shape(feature_extractor(model, objective.layers), start.shape)
    start = tf.cast(start, tf.float32)
    run = begin_run(model, objective, start, optimizer)
    return minimize(run, callback, _checkpoints(run, model, objective, start))
