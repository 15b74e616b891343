"""Stages of a run, each with coordinates of its own."""

from typing import Any

import tensorflow as tf

from rwkeras.optimizers.minimizer import PROBES, Minimizer
from rwkeras.optimizers.problem import Coordinates
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.parametrizations.parametrization import adaptive_filter, fourier_filter, stages
from rwkeras.parametrizations.rings import rings

# What measuring the curvature and starting from what was measured take.
COST = PROBES + 1


class Stages:
    """The stages of a run, each with coordinates of its own.

    Args:
        minimizer: The compiled functions.
        values: How many values of an image the objective compares; see `adaptive_filter`.
        shape: Of the images, static.
        settings: The optimiser's settings.
    """

    def __init__(
        self,
        minimizer: Minimizer,
        values: int,
        shape: tf.TensorShape,
        settings: OptimizerSettings,
    ):
        self._minimizer = minimizer
        self._settings = settings
        iterations = min(
            settings.max_iterations, settings.max_evaluations or settings.max_iterations
        )
        name = settings.parametrization
        self._stages = stages(name, tuple(shape[1:]), values, iterations)

    def __len__(self) -> int:
        return len(self._stages)

    def until(self, stage: int) -> int | None:
        """Returns the iteration at which a stage ends; None for the last."""
        return self._stages[stage].until

    def probes(self, budget: int | None) -> int:
        """Returns how many evaluations measuring a stage's coordinates takes.

        Args:
            budget: How many there are; None for any number. Where they do not suffice to go on
                from what was measured, nothing is.
        """
        measures = (
            self._settings.parametrization == "adaptive"
            and bool(self._minimizer.problem.random_gradients)
            and self._settings.max_iterations > 0
            and (budget is None or budget > COST)
        )
        return PROBES if measures else 0

    def coordinates(
        self, stage: int, images: tf.Tensor, probes: int, precision: str, data: Any
    ) -> Coordinates:
        """Returns the coordinates of a stage that begins at some images.

        Args:
            stage: Its index.
            images: float32, [batch, height, width, 3].
            probes: See `probes`; without any the layers are taken to be blind.
            precision: In which the curvature is measured.
            data: What the problem's functions take in it.
        """
        settings = self._settings
        batch, height, width, channels = images.shape
        if settings.parametrization == "pixels":
            return Coordinates(images, None)
        prior = settings.fourier_exponent, settings.decorrelate_colors
        if settings.parametrization == "fourier":
            return Coordinates(images, fourier_filter(height, width, *prior))
        if probes:
            curvature = self._minimizer.spectrum(precision, images, data)
        else:
            shape = [batch, len(rings(height, width).sizes), channels, channels]
            curvature = tf.zeros(shape, tf.float64)
        seen = self._stages[stage].seen
        return Coordinates(images, adaptive_filter(curvature, height, width, *prior, seen))
