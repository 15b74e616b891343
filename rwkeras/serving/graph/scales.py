"""Coarse-to-fine optimisation in a graph: `rwkeras.tasks.scales` for sizes given as tensors.

All sizes are iterations of one loop, so that a graph holds the optimisation once, however many
sizes a request has.
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from rwkeras.optimizers.settings import OptimizationResult
from rwkeras.serving.graph.descent import Budget
from rwkeras.tasks.scales import ScaleSettings

# Keeps integer ratios of logarithms from being rounded down; as in `ScaleSettings.scales`.
_MARGIN = 1e-9
# Minimum side of scaled-down images, in pixels; as in `scaled`.
LEAST_SIDE = 2


class AtScale(NamedTuple):
    """Image sizes at one scale.

    Attributes:
        scale: Factor of the sides, float64, []; None for unscaled images.
        least: Minimum side after scaling, in pixels; smaller sides are left unchanged.
    """

    scale: tf.Tensor | None
    least: int

    def size(self, size: tf.Tensor) -> tf.Tensor:
        """Returns a height and width, int32, [2], at this scale."""
        if self.scale is None:
            return size
        sides = tf.round(tf.cast(size, tf.float64) * self.scale)
        return tf.minimum(size, tf.maximum(self.least, tf.cast(sides, tf.int32)))

    def images(self, images: tf.Tensor) -> tf.Tensor:
        """Returns images, float32 RGB in [0, 1], [1, height, width, 3], at this scale."""
        if self.scale is None:
            return images
        return resized(images, self.size(tf.shape(images)[1:3]))


def resized(images: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Resamples images to a height and width, int32, [2]; see `rwkeras.tasks.scales.resized`."""

    def other():
        return tf.clip_by_value(tf.image.resize(images, size, "lanczos3", antialias=True), 0, 1)

    same = tf.reduce_all(tf.equal(tf.shape(images)[1:3], size))
    return tf.ensure_shape(tf.cond(same, lambda: images, other), [1, None, None, 3])


class Plan(NamedTuple):
    """Sizes of a coarse-to-fine optimisation and their limits.

    Attributes:
        scales: Factors of the result's sides, float64, [sizes], from the smallest to 1.
        iterations: Maximum number of iterations at each size, int32, [sizes].
        max_evaluations: Maximum number of evaluations at all sizes together, int32, []; 0 for the
            default of `Budget` at each size.
    """

    scales: tf.Tensor
    iterations: tf.Tensor
    max_evaluations: tf.Tensor

    @property
    def count(self) -> tf.Tensor:
        """Number of sizes, int32, []."""
        return tf.size(self.scales)

    def budget(self, number: tf.Tensor, spent: tf.Tensor) -> Budget:
        """Returns the budget of a size.

        Limited evaluations are divided in proportion to the iterations. Evaluations that a size
        leaves over pass to later ones, and one is reserved for each of these.

        Args:
            number: Index of the size, int32, [].
            spent: Evaluations at earlier sizes, int32, [].
        """
        until = tf.cumsum(tf.cast(self.iterations, tf.int64))
        whole = tf.cast(self.max_evaluations, tf.int64)
        share = tf.cast(whole * until[number] // tf.maximum(until[-1], 1), tf.int32)
        kept = self.count - 1 - number
        most = tf.maximum(1, tf.minimum(share - spent, self.max_evaluations - spent - kept))
        bounded = self.max_evaluations > 0
        return Budget(self.iterations[number], tf.where(bounded, most, 0))


def _ratio(dividend: tf.Tensor, divisor: tf.Tensor) -> tf.Tensor:
    return tf.cast(dividend, tf.float64) / tf.cast(divisor, tf.float64)


def make_plan(
    side: tf.Tensor, others: Sequence[tf.Tensor], settings: ScaleSettings, budget: Budget
) -> Plan:
    """Returns the sizes and iterations of `ScaleSettings.scales` and `ScaleSettings.iterations`.

    With fewer evaluations than sizes, the smallest sizes are dropped.

    Args:
        side: Longer side of the result, int32, [].
        others: Longer sides of the images scaled with it, int32, [] each. At the first size, none
            of them is below `settings.smallest`.
        settings: The sizes and the minimum number of iterations.
        budget: Limits for all sizes; the first size may use all iterations.
    """
    step = tf.constant(settings.step, tf.float64)
    shortest = functools.reduce(tf.minimum, others, side)
    smallest = tf.math.ceil(settings.smallest * _ratio(side, shortest))
    times = tf.math.log(_ratio(side, smallest)) / tf.math.log(step)
    more = tf.cast(tf.floor(times + _MARGIN), tf.int32)
    count = 1 + tf.maximum(0, more)
    bound = budget.max_evaluations
    count = tf.where(bound > 0, tf.minimum(count, bound), count)
    shrunk = tf.pow(step, -tf.cast(tf.range(count), tf.float64))
    most = budget.max_iterations
    fewer = tf.cast(tf.round(tf.cast(most, tf.float64) * shrunk), tf.int32)
    least = tf.minimum(most, settings.least_iterations)
    return Plan(tf.reverse(shrunk, [0]), tf.maximum(least, fewer), bound)


def coarse_to_fine(
    make: Callable[[AtScale, tf.Tensor, Budget], OptimizationResult],
    begin: Callable[[AtScale], tf.Tensor],
    size: tf.Tensor,
    plan: Plan,
    *,
    least: int,
    terms: int,
) -> OptimizationResult:
    """Optimises an image size by size, each starting from the previous result.

    Args:
        make: Optimises at a scale, from a start of its size, within a budget.
        begin: Returns the start at the first scale, float32, [1, height, width, 3].
        size: Height and width of the result, int32, [2].
        plan: The sizes.
        least: Minimum side of scaled-down images, in pixels.
        terms: Number of losses.

    Returns:
        The last result, with the iterations and evaluations of all sizes.
    """

    def turn(number, *before):
        done = OptimizationResult._make((*before, False))
        at = AtScale(plan.scales[number], least)
        start = resized(done.image[tf.newaxis], at.size(size))
        made = make(at, start, plan.budget(number, done.evaluations))
        made = made._replace(
            iterations=done.iterations + made.iterations,
            evaluations=done.evaluations + made.evaluations,
        )
        return number + 1, *_tensors(made)

    nothing = OptimizationResult(
        image=begin(AtScale(plan.scales[0], least))[0],
        loss=tf.zeros([]),
        initial_loss=tf.zeros([]),
        losses=tf.zeros([terms]),
        iterations=tf.constant(0),
        evaluations=tf.constant(0),
        converged=tf.constant(False),
        failed=tf.constant(False),
        stopped=False,
    )
    shapes = [each.shape for each in _tensors(nothing)]
    shapes[0] = tf.TensorShape([None, None, 3])
    _, *last = tf.while_loop(
        lambda number, *_: number < plan.count,
        turn,
        (tf.constant(0), *_tensors(nothing)),
        shape_invariants=(tf.TensorShape([]), *shapes),
    )
    return OptimizationResult._make((*last, False))


def _tensors(result: OptimizationResult) -> tuple[tf.Tensor, ...]:
    """Returns the fields that are tensors in a graph, in which no callback stops a run."""
    *tensors, _ = result
    return tuple(tensors)
