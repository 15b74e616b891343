"""TensorFlow Probability's L-BFGS, in the graph and in resumable chunks."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings, Progress

# The weighted terms, each [batch], of images and of data that the caller passes through.
Evaluate = Callable[[tf.Tensor, Any], Mapping[str, tf.Tensor]]


class State(NamedTuple):
    """A point from which the optimisation goes on.

    Attributes:
        optimizer: TFP's own state; its positions are flattened images, [batch, n].
        scale: What each image's loss is multiplied by for the optimiser, [batch].
    """

    optimizer: Any
    scale: tf.Tensor

    def finished(self) -> bool:
        """Returns whether no image can go on."""
        return bool(tf.reduce_all(self.optimizer.converged | self.optimizer.failed))


def _total(losses: Mapping[str, tf.Tensor]) -> tf.Tensor:
    return tf.add_n(list(losses.values()))


class TfpLbfgs:
    """`tfp.optimizer.lbfgs_minimize` for one objective.

    The objective's data (weights, targets) and the number of iterations are arguments of the
    compiled functions: nothing is traced again while shapes stay the same.

    Args:
        evaluate: A function of images, float32 [batch, height, width, 3], and data to the
            weighted terms, each [batch], by name. It is traced.
        memory: See `OptimizerSettings.memory`.
    """

    def __init__(self, evaluate: Evaluate, memory: int):
        self._evaluate = evaluate
        self._memory = memory
        self.start = tf.function(self._start, autograph=False)
        self.advance = tf.function(self._advance, autograph=False)
        self.losses = tf.function(evaluate, autograph=False)

    def _value_and_gradient(self, shape, scale, data):
        """Returns the scaled objective as TFP wants it: [batch, n] to ([batch], [batch, n])."""

        # A function of its own is traced once; TFP's line search would trace it ten times.
        @tf.function(autograph=False)
        def value_and_gradient(position):
            images = tf.reshape(position, shape)
            with tf.GradientTape() as tape:
                tape.watch(images)
                value = scale * _total(self._evaluate(images, data))
            gradient = tape.gradient(value, images, unconnected_gradients="zero")
            return value, tf.reshape(gradient, position.shape)

        return value_and_gradient

    def _minimize(self, function, max_iterations, *, position=None, state=None):
        return tfp.optimizer.lbfgs_minimize(
            function,
            initial_position=position,
            previous_optimizer_results=state,
            max_iterations=max_iterations,
            num_correction_pairs=self._memory,
            tolerance=0.0,
        )

    def _start(self, images, first_step, data) -> State:
        """Returns the state before the first iteration; costs one evaluation."""
        batch, size = images.shape[0], int(np.prod(images.shape[1:]))
        position = tf.reshape(images, [batch, size])
        one = tf.ones([batch])
        value, gradient = self._value_and_gradient(images.shape, one, data)(position)
        slope = tf.norm(gradient, axis=1)
        scale = first_step * tf.sqrt(float(size)) / slope
        scale = tf.where((slope > 0) & tf.math.is_finite(scale), scale, one)
        scaled = scale * value, scale[:, tf.newaxis] * gradient
        state = self._minimize(lambda position: scaled, 0, position=position)
        return State(state._replace(converged=state.converged | (slope == 0)), scale)

    def _advance(self, state: State, shape: tuple[int, ...], max_iterations, data) -> State:
        """Goes on from a state until `max_iterations` in all."""
        function = self._value_and_gradient(shape, state.scale, data)
        optimizer = self._minimize(function, max_iterations, state=state.optimizer)
        return State(optimizer, state.scale)

    def run(
        self,
        images: tf.Tensor,
        data: Any,
        settings: OptimizerSettings,
        callback: Callback | None = None,
    ) -> OptimizationResult:
        """Minimises the objective from a start.

        Args:
            images: The start, float32, [batch, height, width, 3], static in shape.
            data: What `evaluate` takes.
            settings: The optimiser's settings.
            callback: Hears of the start, of every `settings.report_every` iterations and of the
                end; may stop the run.

        Returns:
            The last point, or the last one of finite loss.
        """
        shape = tuple(images.shape)
        state = self.start(images, tf.constant(settings.first_step), data)
        initial_loss = (state.optimizer.objective_value / state.scale).numpy()
        iteration, stopped, finished = 0, False, settings.max_iterations == 0 or state.finished()
        while True:
            if callback is not None or finished:
                progress = self._progress(state, shape, data, settings)
            if callback is not None:
                stopped = bool(callback(progress))
            if finished or stopped:
                break
            iteration = min(iteration + settings.report_every, settings.max_iterations)
            state = self.advance(state, shape, tf.constant(iteration), data)
            finished = iteration == settings.max_iterations or state.finished()
        return OptimizationResult(
            image=np.clip(progress.images.numpy(), 0, 1),
            loss=progress.loss,
            initial_loss=initial_loss,
            losses=progress.losses,
            iterations=progress.iteration,
            evaluations=progress.evaluations,
            converged=state.optimizer.converged.numpy(),
            failed=state.optimizer.failed.numpy() | ~np.isfinite(progress.loss),
            stopped=stopped,
        )

    def _progress(self, state: State, shape, data, settings: OptimizerSettings) -> Progress:
        images = tf.reshape(state.optimizer.position, shape)
        losses = {name: loss.numpy() for name, loss in self.losses(images, data).items()}
        return Progress(
            iteration=int(state.optimizer.num_iterations),
            max_iterations=settings.max_iterations,
            evaluations=int(state.optimizer.num_objective_evaluations),
            loss=np.sum(list(losses.values()), axis=0),
            losses=losses,
            images=images,
        )
