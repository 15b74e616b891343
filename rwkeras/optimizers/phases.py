"""Phases of a run: between two of them its coordinates or its precision change.

What a run does when depends on its settings alone, and not on how often it is looked at.
"""

import itertools
from collections.abc import Collection
from typing import NamedTuple

import tensorflow as tf

from rwkeras.optimizers.problem import UNBOUNDED, Limits
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.parametrizations.parametrization import stages

# How far bfloat16 goes is checked after this many iterations, and then every so many.
_FIRST_CHECK, _CHECK_EVERY = 10, 20
# Where float32 is to follow, bfloat16 is left once a search takes so many trials, and for the last
# tenth of a run.
_MAX_TRIALS, _LAST_SHARE = 6, 10


class Phase(NamedTuple):
    """A part of a run in coordinates and a precision of its own.

    Attributes:
        seen: How many coordinates count as seen; see `adaptive_filter`.
        precision: Of the evaluations.
        until: The iteration at which new coordinates are due.
        float32: The index of the phase in which these coordinates are gone on in float32, once
            bfloat16 is of no more use; None where precision stays as it is.
        following: The index of the phase with the next coordinates; None for the last.
    """

    seen: float
    precision: str
    until: int
    float32: int | None
    following: int | None


def planned_phases(
    settings: OptimizerSettings, precisions: Collection[str], shape: tf.TensorShape, values: int
) -> list[Phase]:
    """Returns the phases of a run: by stage of the parametrisation, and by precision in each.

    A phase keeps its index where a run is given more iterations, by which stages are only added.

    Args:
        settings: The optimiser's settings.
        precisions: Those in which the objective is known.
        shape: Of the images, static.
        values: How many values of an image the objective compares; see `adaptive_filter`.
    """
    most = settings.max_iterations
    iterations = min(most, settings.max_evaluations or most)
    parts = stages(settings.parametrization, tuple(shape[1:]), values, iterations)
    used = ["float32"]
    if settings.precision != "float32" and "bfloat16" in precisions:
        used = ["bfloat16", "float32"] if settings.precision == "auto" else ["bfloat16"]
    return [
        Phase(
            seen=part.degrees_of_freedom,
            precision=precision,
            until=UNBOUNDED if part.until is None else part.until,
            float32=None if precision == used[-1] else index + 1,
            following=None if part is parts[-1] else index + len(used),
        )
        for index, (part, precision) in enumerate(itertools.product(parts, used))
    ]


def next_limits(phase: Phase, iteration: int, settings: OptimizerSettings) -> Limits:
    """Returns how far to go until someone wants to hear or something may change.

    Args:
        phase: The phase.
        iteration: Where it stands.
        settings: The optimiser's settings.
    """
    most = settings.max_iterations
    if phase.following is not None:
        most = min(most, phase.until)
    marks = [most, _next_multiple(iteration, settings.report_every)]
    if settings.tile_size is not None:
        # The state at the last mark is kept until the next: the pairs of both, were it far.
        marks.append(iteration + 1)
    if phase.precision == "bfloat16":
        every = _FIRST_CHECK if iteration < _FIRST_CHECK else _CHECK_EVERY
        marks.append(_next_multiple(iteration, every))
    if phase.float32 is not None:
        marks.append(max(float32_from(settings.max_iterations), iteration + 1))
    return Limits(
        until=min(marks),
        max_iterations=most,
        max_evaluations=settings.max_evaluations or UNBOUNDED,
        max_trials=UNBOUNDED if phase.float32 is None else _MAX_TRIALS,
    )


def is_check(iteration: int) -> bool:
    """Returns whether bfloat16 is compared with float32 at an iteration."""
    return iteration == _FIRST_CHECK or iteration % _CHECK_EVERY == 0


def float32_from(max_iterations: int) -> int:
    """Returns the iteration from which "auto" evaluates in float32 in any case."""
    return max_iterations - max_iterations // _LAST_SHARE


def _next_multiple(number: int, of: int) -> int:
    return (number // of + 1) * of
