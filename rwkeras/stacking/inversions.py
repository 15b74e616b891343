"""Inversions for the comparison of candidate kernels."""

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.features import extract
from rwkeras.objectives.losses import content_loss
from rwkeras.objectives.objective import Objective, content_term
from rwkeras.optimizers.run_state import RunState
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.stacking.candidates import candidate_network
from rwkeras.stacking.halving import schedule
from rwkeras.stacking.settings import StackSettings
from rwkeras.tasks.synthesis import begin_run, starting_noise


def relative_objective(model: keras.Model, layer: str, source: tf.Tensor) -> Objective:
    """Returns ||F - F0||^2 / ||F0||^2 of a layer, which is invariant to the layer's scale.

    Args:
        model: A functional `keras.Model`.
        layer: Name of the layer.
        source: The images, float32 RGB in [0, 1], [batch, height, width, 3]. The loss is NaN for
            images on which the layer is zero.
    """
    features = extract(model, [layer], source)[layer]
    size = content_loss(features, tf.zeros_like(features))
    return content_term(layer, features) * (1 / tf.where(size > 0, size, float("nan")))


class Inversions:
    """Inversions of one image from one layer, one for each candidate kernel of the layer.

    All start from the same noise and run in one batch over pixels. "adaptive" coordinates are
    estimated with random numbers and would favour some candidates by chance.

    Args:
        model: The network, with final weights below the layer.
        layer: Name of the layer.
        kernels: Kernels of the candidates, [candidates, ...].
        reference: The image, float32 RGB in [0, 1], [1, height, width, 3].
        seed: Seed of the noise.
        settings: Settings of the comparison.
        state: State to continue from; None for the start.
    """

    def __init__(
        self,
        model: keras.Model,
        layer: str,
        kernels: np.ndarray,
        reference: tf.Tensor,
        seed: int,
        settings: StackSettings,
        state: RunState | None = None,
    ):
        self._kernels = kernels
        self._with = lambda kernels, state: Inversions(
            model, layer, kernels, reference, seed, settings, state
        )
        candidates = candidate_network(model, layer, kernels)
        source = tf.repeat(reference, kernels.shape[0], axis=0)
        objective = relative_objective(candidates, layer, source)
        rungs = schedule(settings.candidates, settings.max_iterations, settings.reduction)
        optimizer = OptimizerSettings(
            max_iterations=settings.max_iterations,
            parametrization="pixels",
            precision=settings.precision,
            # Divides the iterations of every rung, so that the run can stop there.
            report_every=math.gcd(*(until for _, until in rungs)),
        )
        noise = starting_noise(
            objective, reference.shape, seed, stddev=settings.noise_stddev, optimizer=optimizer
        )
        start = tf.repeat(noise, kernels.shape[0], axis=0)
        self._run = begin_run(candidates, objective, start, optimizer, state)

    def advance(self, iterations: int) -> np.ndarray:
        """Continues to a total number of iterations; returns relative losses, [candidates]."""
        while self._run.iteration < iterations and not self._run.finished:
            self._run.advance()
        return self._run.progress(exact=True).loss

    def select(self, members: Sequence[int]) -> "Inversions":
        """Returns the inversions of some of the candidates, in their current state."""
        kernels = self._kernels[list(members)]
        return self._with(kernels, self._run.state.members(members))
