"""Interface between the queue and the worker: work items, progress, results."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from rwkeras.studio.recipes import Recipe


class WorkItem(NamedTuple):
    """A work item for the worker.

    Attributes:
        recipe: The recipe to run.
        paths: Files of the recipe's pictures, by digest.
        folder: The job's folder.
        endpoint: Address of a TensorFlow Serving server to run it on; None for this machine.
    """

    recipe: Recipe
    paths: Mapping[str, Path]
    folder: Path
    endpoint: str | None = None


class RunProgress(NamedTuple):
    """Progress of a run.

    Attributes:
        iteration: Iterations so far.
        iterations: Maximum number of iterations.
        seconds_left: Estimated seconds left; None if unknown.
        preview_count: Number of previews written so far; a new number means a new preview.
    """

    iteration: int
    iterations: int
    seconds_left: float | None
    preview_count: int


class RunResult(NamedTuple):
    """Result of a run.

    Attributes:
        recipe: The recipe that reproduces the picture, with the stop or the served model filled in.
        stopped: Whether the user stopped the run early.
        seconds: Duration in seconds.
    """

    recipe: Recipe
    stopped: bool
    seconds: float


class Abandoned(Exception):  # noqa: N818
    """Raised to abandon a run, so that another process can resume it from its checkpoint."""


# Called with a run's progress, or with None if there is none; returns whether to stop the run. May
# raise `Abandoned`.
ProgressCallback = Callable[[RunProgress | None], bool]
# Runs a job; raises `ValueError` with a one-line message on failure.
JobRunner = Callable[[WorkItem, ProgressCallback], RunResult]
