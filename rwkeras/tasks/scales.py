"""From coarse to fine: a picture is made small first, and is the start of a larger one.

A network sees as many pixels whatever their size, so that large structure is made where pictures
are small and costs next to nothing; what follows adds detail.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings, Progress
from rwkeras.validation import check_number

# Makes a picture: of a scale, at most 1, from a start of that size or None, as the settings say.
Maker = Callable[[float, tf.Tensor | None, OptimizerSettings, Callback | None], OptimizationResult]


@dataclass(frozen=True)
class ScaleSettings:
    """By what sizes a picture is made.

    Attributes:
        smallest: What the longer side is at least at first, in pixels.
        step: By how much it grows each time, more than 1.
        least_iterations: How many iterations there are at each size at least. The first has those
            of the optimiser's settings; each that follows has fewer, so that all cost the same.
        float32_below: Sizes whose longer side is less, in pixels, are made in float32 where the
            optimiser's precision is "auto", the last excepted: to compile for bfloat16 too would
            take longer than they themselves.
    """

    smallest: int = 256
    step: float = math.sqrt(2)
    least_iterations: int = 10
    float32_below: int = 128

    def __post_init__(self):
        check_number("smallest", self.smallest, integer=True, minimum=2)
        check_number("step", self.step, minimum=1, exclusive=True)
        check_number("least_iterations", self.least_iterations, integer=True, minimum=1)
        check_number("float32_below", self.float32_below, integer=True)

    def scales(self, side: int) -> list[float]:
        """Returns the scales for a longer side, from the smallest to 1."""
        count = max(0, math.floor(math.log(side / self.smallest, self.step) + 1e-9))
        return [self.step**-n for n in range(count, -1, -1)]

    def iterations(self, scales: list[float], most: int) -> list[int]:
        """Returns how many iterations there are at each scale.

        Args:
            scales: What `scales` returned.
            most: How many at the first.
        """
        least = min(most, self.least_iterations)
        return [max(least, round(most * (scales[0] / scale) ** 2)) for scale in scales]


def scaled(images: tf.Tensor, scale: float) -> tf.Tensor:
    """Returns images of another size, float32 RGB, clipped to [0, 1]."""
    return resized(images, _scaled_size(images.shape[1:3], scale))


def scaled_shape(shape: Sequence[int], scale: float) -> tuple[int, int, int, int]:
    """Returns the shape of what `scaled` makes of images of a shape."""
    batch, *size, channels = shape
    return batch, *_scaled_size(size, scale), channels


def _scaled_size(size: Sequence[int], scale: float) -> tuple[int, int]:
    height, width = size
    return max(2, round(height * scale)), max(2, round(width * scale))


def resized(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Returns images of a height and width, float32 RGB, clipped to [0, 1]."""
    if tuple(images.shape[1:3]) == size:
        return images
    return tf.clip_by_value(tf.image.resize(images, size, "lanczos3", antialias=True), 0, 1)


def coarse_to_fine(
    make: Maker,
    size: tuple[int, int],
    settings: ScaleSettings,
    optimizer: OptimizerSettings,
    callback: Callback | None,
) -> OptimizationResult:
    """Makes a picture at each size, from the one before.

    Args:
        make: Makes it at one size.
        size: Height and width of the last, in pixels.
        settings: The sizes.
        optimizer: The optimiser's settings; its iterations are those of the first size, and its
            bound on evaluations holds for each.
        callback: Told of the progress through all sizes.

    Returns:
        The last picture, with the losses at its size and the iterations and evaluations of all. If
        the callback stops at a smaller size, the picture is enlarged.
    """
    scales = settings.scales(max(size))
    counts = settings.iterations(scales, optimizer.max_iterations)
    start, done = None, list[OptimizationResult]()
    for scale, count in zip(scales, counts, strict=True):
        if done:
            start = resized(tf.constant(done[-1].image), _scaled_size(size, scale))
        small = scale < 1 and max(size) * scale < settings.float32_below
        at_this_size = dataclasses.replace(
            optimizer,
            max_iterations=count,
            precision="float32" if small and optimizer.precision == "auto" else optimizer.precision,
            checkpoint_dir=_below(optimizer.checkpoint_dir, scale),
        )
        told = _shifted(callback, sum(counts[: len(done)]), done, sum(counts))
        done.append(make(scale, start, at_this_size, told))
        if done[-1].stopped:
            break
    return done[-1]._replace(
        image=resized(tf.constant(done[-1].image), size).numpy(),
        iterations=np.sum([np.asarray(each.iterations) for each in done], axis=0),
        evaluations=np.sum([np.asarray(each.evaluations) for each in done], axis=0),
    )


def _below(folder: str | None, scale: float) -> str | None:
    """Returns the folder of a scale's state below that of the run."""
    return None if folder is None else f"{folder}/scale_{scale:.4f}"


def _shifted(
    callback: Callback | None, behind: int, done: Sequence[OptimizationResult], total: int
) -> Callback | None:
    """Returns a callback that is told of a size as part of a longer run.

    Args:
        callback: Whom to tell.
        behind: The iterations of the sizes before.
        done: Their results.
        total: The iterations of all.
    """
    if callback is None:
        return None
    spent = sum(int(np.max(each.evaluations)) for each in done)

    def told(progress: Progress) -> bool | None:
        return callback(
            progress._replace(
                iteration=behind + progress.iteration,
                max_iterations=total,
                evaluations=spent + progress.evaluations,
            )
        )

    return told
