"""What a job asks of those who do it, and what is heard of it meanwhile."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from rwkeras.studio.recipes import Recipe


class Work(NamedTuple):
    """What is to be done.

    Attributes:
        recipe: The recipe.
        paths: The files of its pictures, by digest.
        folder: The job's folder.
        endpoint: A TensorFlow Serving server that is to do it; None for this machine.
    """

    recipe: Recipe
    paths: Mapping[str, Path]
    folder: Path
    endpoint: str | None = None


class Moment(NamedTuple):
    """Where a run stands.

    Attributes:
        iteration: Iterations so far.
        iterations: Iterations at most.
        seconds: It has left, about; None where that is not known.
        views: How many views there have been: another number, another view.
    """

    iteration: int
    iterations: int
    seconds: float | None
    views: int


class Outcome(NamedTuple):
    """How a run ended.

    Attributes:
        recipe: Of the picture that there is now.
        stopped: Whether it was stopped before its recipe was done.
        seconds: How long it took.
    """

    recipe: Recipe
    stopped: bool
    seconds: float


class Left(Exception):  # noqa: N818
    """Raised in a run that is to be left as it is, for another process to go on with."""


# Hears where a run stands, or None where there is nothing new; returns whether to stop it. It may
# raise `Left`.
Report = Callable[[Moment | None], bool]
# Does a job; raises `ValueError` for what it fails of, in one line.
Perform = Callable[[Work, Report], Outcome]
