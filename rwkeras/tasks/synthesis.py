"""The step that all tasks share: an image that minimises an objective on a network."""

import weakref
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.features import INPUT, check_image_shape, feature_extractor
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.optimizers.tfp_lbfgs import TfpLbfgs
from rwkeras.random import derive_seed, stateless_normal
from rwkeras.validation import invalid_argument

# What was compiled for a model, by the objective's structure; it goes when the model goes.
_COMPILED: weakref.WeakKeyDictionary[Any, dict[Any, TfpLbfgs]] = weakref.WeakKeyDictionary()


def white_noise(
    shape: tuple[int, int, int, int], seed: int, *, stddev: float, mean: float = 0.5
) -> tf.Tensor:
    """Returns Gaussian noise, the papers' starting image.

    Args:
        shape: [batch, height, width, channels].
        seed: The same seed gives the same noise.
        stddev: Of pixels in [0, 1].
        mean: Of pixels in [0, 1].
    """
    return mean + stddev * stateless_normal(shape, derive_seed(seed, "noise"))


def _compile(model: keras.Model, objective: Objective, memory: int) -> TfpLbfgs:
    """Returns the optimiser for a model and an objective's structure, built at most once."""
    structure = objective.structure
    optimizers = _COMPILED.setdefault(model, {})
    if (structure, memory) not in optimizers:
        extractor = feature_extractor(model, objective.layers) if objective.layers else None

        def evaluate(images, data):
            features = {} if extractor is None else dict(extractor(images))
            return structure.with_data(data)({**features, INPUT: images})

        optimizers[structure, memory] = TfpLbfgs(evaluate, memory)
    return optimizers[structure, memory]


def optimize_image(
    model: keras.Model,
    objective: Objective,
    start: tf.Tensor,
    *,
    optimizer: OptimizerSettings = OptimizerSettings(),
    callback: Callback | None = None,
) -> OptimizationResult:
    """Minimises an objective over images.

    Args:
        model: A functional `keras.Model` of images in [0, 1], which holds the objective's layers.
        objective: The terms.
        start: The first images, float32, [batch, height, width, 3].
        optimizer: The optimiser's settings.
        callback: Called with a `Progress` now and then; returns true to stop.

    Returns:
        The images found, with losses by term.

    Raises:
        ValueError: The objective has no terms or names a layer that the model lacks, or the
            images do not fit the model.
    """
    if not objective.terms:
        raise invalid_argument("objective", "an objective of at least one term", objective.terms)
    if objective.layers:
        check_image_shape(feature_extractor(model, objective.layers), start.shape)
    compiled = _compile(model, objective, optimizer.memory)
    return compiled.run(tf.convert_to_tensor(start), objective.data, optimizer, callback)
