"""Result store: a folder for each job, complete once its `result.json` exists."""

import contextlib
import json
import os
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.images.files import write_bytes
from rwkeras.images.writing import png
from rwkeras.sweeps.files import read_bytes
from rwkeras.sweeps.jobs import Job, JobResult, Manifest, job_key
from rwkeras.sweeps.pictures import from_png
from rwkeras.validation import invalid_argument

_RESULT, _FAILURE = "result.json", "failure.json"


class Failure(NamedTuple):
    """Reason why a job has no result.

    Attributes:
        reason: The reason, in one line.
        details: The traceback, if there is one.
    """

    reason: str
    details: str = ""


# Called with a job that has ended and its failure, or None if it has a result.
SweepCallback = Callable[[Job, Failure | None], None]


class SweepResult(NamedTuple):
    """Outcome of a sweep.

    Attributes:
        done: Number of jobs with results.
        failures: The jobs without results, with their failures.
    """

    done: int
    failures: tuple[tuple[Job, Failure], ...]


class Store:
    """The results of a sweep.

    Args:
        folder: The sweep's folder; any path that `tf.io.gfile` takes.
    """

    def __init__(self, folder: str):
        self.folder = str(folder)

    def path(self, job: Job, name: str) -> str:
        """Returns the path of a file of a job's result."""
        return os.path.join(self.folder, "jobs", job_key(job), name)

    def _write_json(self, job: Job, name: str, value: object) -> None:
        write_bytes(self.path(job, name), (json.dumps(value, indent=1) + "\n").encode())

    def _read_json(self, job: Job, name: str) -> dict:
        return json.loads(read_bytes(self.path(job, name)))

    def done(self, job: Job) -> bool:
        """Returns whether a job has a complete result."""
        return tf.io.gfile.exists(self.path(job, _RESULT))

    def pending(self, manifest: Manifest, callback: SweepCallback | None) -> list[Job]:
        """Returns the jobs that have no result yet; calls the callback for the others."""
        jobs = []
        for job in manifest.jobs:
            if not self.done(job):
                jobs.append(job)
            elif callback is not None:
                callback(job, None)
        return jobs

    def write(self, job: Job, result: JobResult) -> None:
        """Stores a result, unless the job has one; it is complete once the last file is written.

        Raises:
            ValueError: A file has a name that is reserved for the store.
        """
        if _RESULT in result.files or _FAILURE in result.files:
            expected = f"names other than {_RESULT} and {_FAILURE}"
            raise invalid_argument("files", expected, ", ".join(result.files))
        if self.done(job):  # Another process may have been faster.
            return
        pictures = {f"{name}.png": png(picture) for name, picture in result.pictures.items()}
        for name, content in {**pictures, **result.files}.items():
            write_bytes(self.path(job, name), content)
        value = {
            "values": dict(result.values),
            "pictures": list(result.pictures),
            "trace": [dict(row) for row in result.trace],
            "files": list(result.files),
        }
        self._write_json(job, _RESULT, value)
        with contextlib.suppress(tf.errors.NotFoundError):
            tf.io.gfile.remove(self.path(job, _FAILURE))

    def values(self, job: Job) -> dict[str, Any]:
        """Returns the values of an existing result, without reading its pictures."""
        return self._read_json(job, _RESULT)["values"]

    def read(self, job: Job) -> JobResult:
        """Returns an existing result; its pictures were rounded to 8 bits."""
        value = self._read_json(job, _RESULT)
        pictures = {
            name: from_png(read_bytes(self.path(job, f"{name}.png"))) for name in value["pictures"]
        }
        files = {name: read_bytes(self.path(job, name)) for name in value["files"]}
        return JobResult(value["values"], pictures, value["trace"], files)

    def record_failure(self, job: Job, failure: Failure) -> Failure | None:
        """Records and returns the failure of a job.

        Returns None if the job has a result, which another process may have written meanwhile.
        """
        if self.done(job):
            return None
        self._write_json(job, _FAILURE, failure._asdict())
        return failure

    def failure(self, job: Job) -> Failure | None:
        """Returns the failure of a job's last run; None if it has a result or has not failed."""
        if self.done(job) or not tf.io.gfile.exists(self.path(job, _FAILURE)):
            return None
        return Failure(**self._read_json(job, _FAILURE))


def run_job(job: Job, folder: str) -> Failure | None:
    """Runs a job unless it has a result, and stores its result or failure.

    Args:
        job: The job.
        folder: The sweep's folder.

    Returns:
        The failure, or None if the job has a result.
    """
    store = Store(folder)
    if store.done(job):
        return None
    try:
        store.write(job, job.run(folder))
    except Exception as error:  # No error may stop the other jobs.
        reason = " ".join(str(error).split()) or type(error).__name__
        return store.record_failure(job, Failure(reason, traceback.format_exc()))
    return None
