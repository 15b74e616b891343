"""Outcome of a sweep."""

from collections.abc import Callable
from typing import NamedTuple

from rwkeras.sweeps.jobs import Job, Manifest
from rwkeras.sweeps.store import Failure, Store

# Called with a job that has ended and why it failed, or None.
SweepCallback = Callable[[Job, Failure | None], None]


class SweepResult(NamedTuple):
    """Outcome of a sweep.

    Attributes:
        done: How many jobs have results.
        failures: The jobs that have none, and why.
    """

    done: int
    failures: tuple[tuple[Job, Failure], ...]


def waiting(manifest: Manifest, store: Store, callback: SweepCallback | None) -> list[Job]:
    """Returns the jobs that have no result yet, having told a callback of the others."""
    found = []
    for job in manifest.jobs:
        if not store.done(job):
            found.append(job)
        elif callback is not None:
            callback(job, None)
    return found
