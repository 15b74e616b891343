"""Jobs of a sweep: self-contained and independent of each other.

A job is a frozen dataclass: it can be pickled, and its key is a digest of its fields and of the
code that it runs, so that the same work has the same name wherever and whenever it is asked for.
"""

import dataclasses
import hashlib
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from rwkeras.sweeps.code import code_digest
from rwkeras.sweeps.files import FileRef
from rwkeras.validation import invalid_argument


class JobResult(NamedTuple):
    """Result of a job.

    Attributes:
        values: Numbers and words by name.
        pictures: float32 RGB in [0, 1], [height, width, 3], by name.
        trace: Values by name at some iterations, in order.
        files: The contents of further files by name, such as "recipe.json".
    """

    values: Mapping[str, Any]
    pictures: Mapping[str, np.ndarray] = {}
    trace: Sequence[Mapping[str, Any]] = ()
    files: Mapping[str, bytes] = {}


class Job(Protocol):
    """A job: a frozen dataclass, defined in an importable module."""

    @property
    def affinity(self) -> Hashable:
        """What a worker that has just done such a job has at hand for the next."""

    def run(self, folder: str) -> JobResult:
        """Does it.

        Args:
            folder: The sweep's folder, in which the files are that the job refers to.
        """


def shallow_fields(value: Any) -> dict[str, Any]:
    """Returns a dataclass's fields by name; raises `TypeError` for anything else."""
    if not dataclasses.is_dataclass(value):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _described(value: Any) -> Any:
    """Returns a dataclass as JSON has it; of a file, what is in it and not where it is."""
    if isinstance(value, FileRef):
        return value.sha256
    return {"kind": type(value).__name__, **shallow_fields(value)}


def job_key(job: Job) -> str:
    """Returns the name under which a job's result is kept, 20 hexadecimal digits.

    It is made of the job's fields and of the code of its class's module and of all that this
    imports; see `code_digest`. Results of other code are not taken for this one's.

    Raises:
        ValueError: A field is nothing that a key can be made of, or the code is nowhere to be read.
    """
    try:
        code = code_digest(type(job).__module__)
        text = json.dumps([code, job], default=_described, sort_keys=True)
    except (TypeError, OSError) as error:
        expected = "a dataclass of numbers, words, files, and tuples and dataclasses of them"
        raise invalid_argument("job", expected, f"{type(job).__name__} ({error})") from error
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Manifest:
    """The jobs of a sweep.

    Attributes:
        jobs: The jobs, each once.
    """

    jobs: tuple[Job, ...]

    def __post_init__(self):
        unique = {job_key(job): job for job in self.jobs}
        object.__setattr__(self, "jobs", tuple(unique.values()))

    def __len__(self) -> int:
        return len(self.jobs)
