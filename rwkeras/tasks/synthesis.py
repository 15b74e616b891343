"""Minimisation of an objective over images, shared by all tasks."""

import dataclasses

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.digests import digest
from rwkeras.eager import eager_only
from rwkeras.networks.features import check_image_shape, feature_extractor
from rwkeras.networks.precision import fast_bfloat16
from rwkeras.objectives.losses import content_loss
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers.checkpoint import Checkpoints
from rwkeras.optimizers.loop import minimize
from rwkeras.optimizers.run import Run
from rwkeras.optimizers.run_state import RunState
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.parametrizations.filters import apply_filters
from rwkeras.parametrizations.parametrization import fourier_filter
from rwkeras.random import derive_seed, stateless_normal
from rwkeras.tasks.image_problem import compiled_problem
from rwkeras.validation import invalid_argument


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
    problem = compiled_problem(model, objective, settings, start)
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
        expected = "None for a custom objective, whose memory is bounded by `tile_size`"
        raise invalid_argument("max_memory", expected, optimizer.max_memory)
    if not objective.terms:
        raise invalid_argument("objective", "an objective with at least one term", objective.terms)
    if objective.layers:
        check_image_shape(feature_extractor(model, objective.layers), start.shape)
    start = tf.cast(start, tf.float32)
    run = begin_run(model, objective, start, optimizer)
    return minimize(run, callback, _checkpoints(run, model, objective, start))
