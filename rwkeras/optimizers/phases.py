"""Phases of a run, which differ in their coordinates or precision.

Phase changes depend on the settings and the course of the run, not on how often it reports.
"""

import itertools
from collections.abc import Collection
from typing import NamedTuple

import tensorflow as tf

from rwkeras.optimizers.problem import UNBOUNDED, Limits
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.parametrizations.parametrization import stages

# bfloat16 is checked against float32 after _FIRST_CHECK iterations, then every _CHECK_EVERY.
_FIRST_CHECK, _CHECK_EVERY = 10, 20
# "auto" leaves bfloat16 once a line search takes _MAX_TRIALS trials, and for the last
# 1 / _FLOAT32_DIVISOR of a run.
_MAX_TRIALS, _FLOAT32_DIVISOR = 6, 10


class Phase(NamedTuple):
    """A part of a run with its own coordinates and precision.

    Attributes:
        degrees_of_freedom: Number of coordinates that count as seen; see `adaptive_filter`.
        precision: Precision of the evaluations.
        until: Iteration at which the coordinates change; `UNBOUNDED` for never.
        float32: Index of the phase that continues in the same coordinates in float32, once bfloat16
            is no longer useful; None if the precision does not change.
        following: Index of the phase with the next coordinates; None for the last.
    """

    degrees_of_freedom: float
    precision: str
    until: int
    float32: int | None
    following: int | None


def planned_phases(
    settings: OptimizerSettings, precisions: Collection[str], shape: tf.TensorShape, values: int
) -> list[Phase]:
    """Returns the phases of a run, by stage of the parametrisation and by precision within each.

    With more iterations the list may grow, but the precision at each index stays the same, so that
    a checkpoint's phase index remains valid.

    Args:
        settings: The optimiser's settings.
        precisions: Precisions in which the objective can be evaluated.
        shape: Static shape of the images, [batch, height, width, channels].
        values: Number of target values per image; see `stages`.
    """
    max_iterations = settings.max_iterations
    iterations = min(max_iterations, settings.max_evaluations or max_iterations)
    planned_stages = stages(settings.parametrization, tuple(shape[1:]), values, iterations)
    used_precisions = ["float32"]
    if settings.precision != "float32" and "bfloat16" in precisions:
        used_precisions = ["bfloat16", "float32"] if settings.precision == "auto" else ["bfloat16"]
    return [
        Phase(
            degrees_of_freedom=stage.degrees_of_freedom,
            precision=precision,
            until=UNBOUNDED if stage.until is None else stage.until,
            float32=None if precision == used_precisions[-1] else index + 1,
            following=None if stage is planned_stages[-1] else index + len(used_precisions),
        )
        for index, (stage, precision) in enumerate(
            itertools.product(planned_stages, used_precisions)
        )
    ]


def next_limits(phase: Phase, iteration: int, settings: OptimizerSettings) -> Limits:
    """Returns the limits up to the next report or possible phase change.

    Args:
        phase: The current phase.
        iteration: The current iteration.
        settings: The optimiser's settings.
    """
    max_iterations = settings.max_iterations
    if phase.following is not None:
        max_iterations = min(max_iterations, phase.until)
    candidates = [max_iterations, _next_multiple(iteration, settings.report_every)]
    if settings.tile_size is not None:
        # The state before the call is kept in memory. After a single iteration it still shares all
        # but one of its L-BFGS pairs with the new state.
        candidates.append(iteration + 1)
    if phase.precision == "bfloat16":
        interval = _FIRST_CHECK if iteration < _FIRST_CHECK else _CHECK_EVERY
        candidates.append(_next_multiple(iteration, interval))
    if phase.float32 is not None:
        candidates.append(max(float32_from(settings.max_iterations), iteration + 1))
    return Limits(
        until=min(candidates),
        max_iterations=max_iterations,
        max_evaluations=settings.max_evaluations or UNBOUNDED,
        max_trials=UNBOUNDED if phase.float32 is None else _MAX_TRIALS,
    )


def is_check(iteration: int) -> bool:
    """Returns whether bfloat16 is checked against float32 at an iteration."""
    return iteration == _FIRST_CHECK or iteration % _CHECK_EVERY == 0


def float32_from(max_iterations: int) -> int:
    """Returns the iteration from which "auto" always evaluates in float32."""
    return max_iterations - max_iterations // _FLOAT32_DIVISOR


def _next_multiple(number: int, of: int) -> int:
    return (number // of + 1) * of
