"""Jobs of a sweep, self-contained and independent of each other.

A job is a frozen dataclass that can be pickled. Its key is a digest of its fields and of the code
that it runs, so that the same work has the same key in every process and on every machine.
"""

import dataclasses
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from rwkeras.digests import bytes_digest
from rwkeras.sweeps.code import code_digest
from rwkeras.sweeps.files import FileRef
from rwkeras.validation import invalid_argument


class JobResult(NamedTuple):
    """Result of a job.

    Attributes:
        values: Numbers and strings by name.
        pictures: Images by name, float32 RGB in [0, 1], [height, width, 3].
        trace: Values by name at some iterations, in order.
        files: Contents of further files by name, such as "recipe.json".
    """

    values: Mapping[str, Any]
    pictures: Mapping[str, np.ndarray] = {}
    trace: Sequence[Mapping[str, Any]] = ()
    files: Mapping[str, bytes] = {}


class Job(Protocol):
    """A job: a frozen dataclass, defined in an importable module."""

    @property
    def affinity(self) -> Hashable:
        """Key of what a worker caches for such a job; jobs with equal keys can reuse it."""

    def run(self, folder: str) -> JobResult:
        """Runs the job.

        Args:
            folder: The sweep's folder, which contains the files that the job refers to.
        """


def shallow_fields(value: Any) -> dict[str, Any]:
    """Returns a dataclass's fields by name; raises `TypeError` for anything else."""
    if not dataclasses.is_dataclass(value):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _to_json(value: Any) -> Any:
    """Returns a JSON value for a dataclass; for a file, its content's digest without its path."""
    if isinstance(value, FileRef):
        return value.sha256
    return {"kind": type(value).__name__, **shallow_fields(value)}


def job_key(job: Job) -> str:
    """Returns the key under which a job's result is stored, 20 hexadecimal digits.

    It depends on the job's fields and on the code of its class's module and all its imports; see
    `code_digest`. Results of other code are therefore not reused.

    Raises:
        ValueError: A field cannot be part of a key, or the code cannot be read.
    """
    try:
        code = code_digest(type(job).__module__)
        text = json.dumps([code, job], default=_to_json, sort_keys=True)
    except (TypeError, OSError) as error:
        expected = "a dataclass of numbers, strings, files, and tuples and dataclasses of them"
        raise invalid_argument("job", expected, f"{type(job).__name__} ({error})") from error
    return bytes_digest(text.encode())[:20]


@dataclass(frozen=True)
class Manifest:
    """The jobs of a sweep.

    Attributes:
        jobs: The jobs, without duplicates.
    """

    jobs: tuple[Job, ...]

    def __post_init__(self):
        unique = {job_key(job): job for job in self.jobs}
        object.__setattr__(self, "jobs", tuple(unique.values()))

    def __len__(self) -> int:
        return len(self.jobs)
