"""Base classes of served tasks that optimise an image: budget, outputs, start."""

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers.settings import OptimizationResult
from rwkeras.random import derive_seed, stateless_normal
from rwkeras.serving.graph.descent import Budget, minimize
from rwkeras.serving.graph.scales import LEAST_SIDE, AtScale, coarse_to_fine, make_plan
from rwkeras.serving.graph.sizes import smallest_side
from rwkeras.serving.graph.task import Option
from rwkeras.serving.settings import ServingSettings
from rwkeras.tasks.scales import ScaleSettings


class Optimization:
    """Base of served tasks that optimise an image."""

    def budget(self, settings: ServingSettings) -> dict[str, Option]:
        """Returns the options that limit iterations and evaluations."""
        iterations, evaluations = settings.max_iterations, settings.max_evaluations
        limit = settings.evaluations_limit
        return {
            "max_iterations": Option(tf.constant(iterations), 0, limit),
            "max_evaluations": Option(tf.constant(evaluations), 0, limit),
        }

    @property
    def output_specs(self) -> Mapping[str, tf.TensorSpec]:
        """See `ServedTask`."""
        return {
            "loss": tf.TensorSpec([], tf.float32),
            "initial_loss": tf.TensorSpec([], tf.float32),
            "losses": tf.TensorSpec([None], tf.float32),
            "iterations": tf.TensorSpec([], tf.int32),
            "evaluations": tf.TensorSpec([], tf.int32),
            "converged": tf.TensorSpec([], tf.bool),
            "failed": tf.TensorSpec([], tf.bool),
        }

    def optimize(
        self,
        model: keras.Model,
        objective: Objective,
        start: tf.Tensor,
        options: Mapping[str, tf.Tensor],
    ) -> dict[str, tf.Tensor]:
        """Optimises an image within the budget of the options; returns the image and outputs."""
        return self._outputs(minimize(model, objective, start, _budget(options)))

    def _outputs(self, result: OptimizationResult) -> dict[str, Any]:
        return {name: getattr(result, name) for name in ("image", *self.output_specs)}


class ScaledOptimization(Optimization, abc.ABC):
    """Base of served tasks that optimise at one size or from coarse to fine."""

    @property
    @abc.abstractmethod
    def scales(self) -> ScaleSettings | None:
        """Sizes of the optimisation from coarse to fine; None for one size."""

    @property
    @abc.abstractmethod
    def layers(self) -> Mapping[str, tuple[str, ...]]:
        """See `ServedTask`."""

    @property
    @abc.abstractmethod
    def terms(self) -> tuple[str, ...]:
        """See `ServedTask`."""

    def optimize_at_scales(
        self,
        model: keras.Model,
        objective: Callable[[AtScale], Objective],
        start: Callable[[AtScale], tf.Tensor],
        size: tf.Tensor,
        sources: Sequence[tf.Tensor],
        options: Mapping[str, tf.Tensor],
    ) -> dict[str, tf.Tensor]:
        """Optimises an image at all scales within the budget; returns image and outputs.

        Args:
            model: The network.
            objective: Returns the objective at a scale.
            start: Returns the initial image at the first scale.
            size: Height and width of the result, int32, [2].
            sources: Images scaled together with the result. At the first scale, the longer side of
                each has at least `smallest` pixels.
            options: The values of the task's options.
        """
        scales, whole = self.scales, AtScale(None, 1)
        if scales is None:
            return self.optimize(model, objective(whole), start(whole), options)
        memory = scales.memory

        def make(at, start, budget):
            return minimize(model, objective(at), start, budget, memory)

        sides = [tf.reduce_max(tf.shape(images)[1:3]) for images in sources]
        plan = make_plan(tf.reduce_max(size), sides, scales, _budget(options))
        layers = [name for names in self.layers.values() for name in names]
        least = max(LEAST_SIDE, smallest_side(model, list(dict.fromkeys(layers))))
        made = coarse_to_fine(make, start, size, plan, least=least, terms=len(self.terms))
        return self._outputs(made)


def _budget(options: Mapping[str, tf.Tensor]) -> Budget:
    return Budget(options["max_iterations"], options["max_evaluations"])


def noise_seed(seed: int) -> tf.Tensor:
    """Returns the seed of the starting noise of a task with a seed."""
    return tf.constant(derive_seed(seed, "noise"), tf.int64)


def noise(size: tf.Tensor, seed: tf.Tensor, stddev: float) -> tf.Tensor:
    """Returns the same pixels as `starting_noise`, with size and seed as tensors."""
    values = 0.5 + stddev * stateless_normal(tf.concat([[1], size, [3]], 0), seed)
    return tf.ensure_shape(values, [1, None, None, 3])
