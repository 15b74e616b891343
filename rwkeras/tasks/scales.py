"""Coarse-to-fine synthesis: each size starts from the smaller result.

Receptive fields are fixed in pixels, so large structures form in small images, at little cost, and
larger images add detail.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.optimizers.checkpoint import Bounds, saved_bounds
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings, Progress
from rwkeras.settings import Settings, setting


class Step(NamedTuple):
    """One step of coarse-to-fine synthesis.

    Attributes:
        scale: Ratio of the step's image sides to the final ones, at most 1.
        number: Index of the step, from 0.
        iterations: Iteration limit.
    """

    scale: float
    number: int
    iterations: int


# Runs a step, given its initial image or None, the optimiser's settings and a callback.
StepFunction = Callable[
    [Step, tf.Tensor | None, OptimizerSettings, Callback | None], OptimizationResult
]


@dataclass(frozen=True)
class ScaleSettings(Settings):
    """Settings of the image sizes in coarse-to-fine synthesis."""

    smallest: int = setting(
        32, "Lower bound on the longer side of the first size, in pixels.", minimum=2
    )
    step: float = setting(
        2.0, "Ratio of consecutive sizes, greater than 1.", minimum=1, exclusive=True
    )
    least_iterations: int = setting(
        60,
        "Minimum number of iterations per size. The first size has the optimiser's "
        "`max_iterations`; later sizes have fewer, in inverse proportion to their side.",
        minimum=1,
    )
    least_per_draw: int = setting(
        30,
        "Minimum number of iterations per draw of the network, if there are several per size. No "
        "size has more than the optimiser's `max_iterations`.",
        minimum=1,
    )
    float32_below: int = setting(
        128,
        "Longer side in pixels below which sizes other than the last use float32 where the "
        'optimiser\'s precision is "auto": compiling for bfloat16 would take longer than it '
        "saves.",
    )
    memory: int = setting(
        10,
        "Maximum number of pairs that L-BFGS keeps. In a short run more pairs help little, and "
        "they enlarge the graph that is compiled for every size.",
        minimum=1,
    )

    def scales(self, side: int) -> list[float]:
        """Returns the scales for a longer side in pixels, ascending to 1."""
        count = max(0, math.floor(math.log(side / self.smallest, self.step) + 1e-9))
        return [self.step**-n for n in range(count, -1, -1)]

    def iterations(self, scales: list[float], most: int, draws: int = 1) -> list[int]:
        """Returns the iteration limit at each scale.

        Args:
            scales: The result of `scales`.
            most: Iteration limit at the first scale.
            draws: Number of draws of the network per scale.
        """
        drawn = draws * self.least_per_draw if draws > 1 else 0
        least = min(most, max(self.least_iterations, drawn))
        return [max(least, round(most * scales[0] / scale)) for scale in scales]


def planned_steps(
    side: int, settings: ScaleSettings | None, iterations: int, draws: int
) -> list[Step]:
    """Returns the steps of coarse-to-fine synthesis.

    Args:
        side: Longer side of the final image, in pixels.
        settings: The sizes; None for the final size only.
        iterations: Iteration limit at the first size.
        draws: Number of steps per size, one for each draw of the network, which divide the size's
            iterations.
    """
    scales = [1.0] if settings is None else settings.scales(side)
    counts = [iterations] if settings is None else settings.iterations(scales, iterations, draws)
    shares = [
        (scale, count * (n + 1) // draws - count * n // draws)
        for scale, count in zip(scales, counts, strict=True)
        for n in range(draws)
    ]
    return [Step(scale, number, count) for number, (scale, count) in enumerate(shares)]


def scaled(images: tf.Tensor, scale: float) -> tf.Tensor:
    """Returns images resized by a scale, float32 RGB, clipped to [0, 1]."""
    return resized(images, _scaled_size(images.shape[1:3], scale))


def scaled_shape(shape: Sequence[int], scale: float) -> tuple[int, int, int, int]:
    """Returns the shape of images of a given shape after `scaled`."""
    batch, *size, channels = shape
    return batch, *_scaled_size(size, scale), channels


def _scaled_size(size: Sequence[int], scale: float) -> tuple[int, int]:
    height, width = size
    return max(2, round(height * scale)), max(2, round(width * scale))


def resized(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Returns images resized to (height, width), float32 RGB, clipped to [0, 1]."""
    if tuple(images.shape[1:3]) == size:
        return images
    return tf.clip_by_value(tf.image.resize(images, size, "lanczos3", antialias=True), 0, 1)


def coarse_to_fine(
    run_step: StepFunction,
    size: tuple[int, int],
    steps: Sequence[Step],
    settings: ScaleSettings | None,
    optimizer: OptimizerSettings,
    callback: Callback | None,
) -> OptimizationResult:
    """Runs steps in order, each starting from the result of the previous one.

    A run resumed from a checkpoint with higher limits on iterations or evaluations continues at the
    step where it stopped, the last one if it was complete. Completed steps stay as they are; their
    additional iterations are added to the first incomplete step.

    Args:
        run_step: Runs one step.
        size: Final height and width, in pixels.
        steps: The result of `planned_steps`.
        settings: The sizes; None for the final size only.
        optimizer: Settings of the optimiser; `max_evaluations` applies to each step.
        callback: Called with the progress through all steps.

    Returns:
        The result of the last step, with the total iterations and evaluations of all steps. If the
        callback stops at a smaller size, the image is enlarged to `size`.
    """
    bounds = _bounds(steps, optimizer)
    steps = [s._replace(iterations=b.max_iterations) for s, b in zip(steps, bounds, strict=True)]
    total = sum(step.iterations for step in steps)
    start, done = None, list[OptimizationResult]()
    for step, bound in zip(steps, bounds, strict=True):
        if done:
            start = resized(tf.constant(done[-1].image), _scaled_size(size, step.scale))
        step_settings = _step_settings(optimizer, step, settings, max(size), len(steps))
        step_settings = dataclasses.replace(step_settings, **bound._asdict())
        earlier_iterations = sum(earlier.iterations for earlier in steps[: step.number])
        done.append(
            run_step(
                step,
                start,
                step_settings,
                _offset_progress(callback, earlier_iterations, done, total),
            )
        )
        if done[-1].stopped:
            break
    return done[-1]._replace(
        image=resized(tf.constant(done[-1].image), size).numpy(),
        iterations=np.sum([np.asarray(each.iterations) for each in done], axis=0),
        evaluations=np.sum([np.asarray(each.evaluations) for each in done], axis=0),
    )


def _step_settings(
    optimizer: OptimizerSettings,
    step: Step,
    settings: ScaleSettings | None,
    side: int,
    count: int,
) -> OptimizerSettings:
    """Returns the optimiser's settings for one of `count` steps to a final longer side."""
    if settings is not None:
        small = step.scale < 1 and side * step.scale < settings.float32_below
        if small and optimizer.precision == "auto":
            optimizer = dataclasses.replace(optimizer, precision="float32")
        if count > 1:
            memory = min(optimizer.memory, settings.memory)
            optimizer = dataclasses.replace(optimizer, memory=memory)
    folder = optimizer.checkpoint_dir
    if folder is not None and count > 1:
        folder = _step_folder(folder, step)
    return dataclasses.replace(optimizer, checkpoint_dir=folder)


def _step_folder(folder: str, step: Step) -> str:
    """Returns the checkpoint folder of one of several steps."""
    return f"{folder}/step_{step.number}"


def _bounds(steps: Sequence[Step], optimizer: OptimizerSettings) -> list[Bounds]:
    """Returns the bounds of each step, given the checkpoints of earlier runs.

    A step is complete once the next one has a checkpoint, as it provides the start of that step:
    continuing it would invalidate all later steps.
    """
    saved: list[Bounds | None] = [None] * len(steps)
    if optimizer.checkpoint_dir is not None and len(steps) > 1:
        saved = [saved_bounds(_step_folder(optimizer.checkpoint_dir, step)) for step in steps]
    bounds: list[Bounds] = []
    planned = 0
    for step, own, following in zip(steps, saved, [*saved[1:], None], strict=True):
        planned += step.iterations
        if own is not None and following is not None:
            bounds.append(own)
            continue
        remaining = planned - sum(bound.max_iterations for bound in bounds)
        bounds.append(Bounds(max(0, remaining), optimizer.max_evaluations))
    return bounds


def _offset_progress(
    callback: Callback | None,
    earlier_iterations: int,
    done: Sequence[OptimizationResult],
    total: int,
) -> Callback | None:
    """Returns a callback that reports the progress of one step as progress of the whole run.

    Args:
        callback: Receives the progress of the whole run.
        earlier_iterations: Iterations of earlier steps.
        done: Results of earlier steps.
        total: Iterations of all steps.
    """
    if callback is None:
        return None
    spent = sum(int(np.max(each.evaluations)) for each in done)

    def report(progress: Progress) -> bool | None:
        return callback(
            progress._replace(
                iteration=earlier_iterations + progress.iteration,
                max_iterations=total,
                evaluations=spent + progress.evaluations,
            )
        )

    return report
