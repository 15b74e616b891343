"""Result store: a folder for each job, complete once its `result.json` exists."""

import contextlib
import json
import os
import traceback
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.images.files import write_bytes
from rwkeras.sweeps.jobs import Job, JobResult, job_key
from rwkeras.sweeps.pictures import from_png, png
from rwkeras.validation import invalid_argument

_RESULT, _FAILURE = "result.json", "failure.json"


class Failure(NamedTuple):
    """Why a job has no result.

    Attributes:
        reason: One line.
        details: The traceback, if there is one.
    """

    reason: str
    details: str = ""


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


class Store:
    """The results of a sweep.

    Args:
        folder: The sweep's folder; any path that `tf.io.gfile` takes.
    """

    def __init__(self, folder: str):
        self.folder = str(folder)

    def path(self, job: Job, name: str) -> str:
        """Returns where a file of a job's result is."""
        return os.path.join(self.folder, "jobs", job_key(job), name)

    def _exists(self, job: Job, name: str) -> bool:
        return tf.io.gfile.exists(self.path(job, name))

    def _bytes(self, job: Job, name: str) -> bytes:
        with tf.io.gfile.GFile(self.path(job, name), "rb") as file:
            return file.read()

    def _load(self, job: Job, name: str) -> dict:
        return json.loads(self._bytes(job, name))

    def done(self, job: Job) -> bool:
        """Returns whether a job's result is there and whole."""
        return self._exists(job, _RESULT)

    def write(self, job: Job, result: JobResult) -> None:
        """Keeps a result, unless the job has one; its last file makes it whole.

        Raises:
            ValueError: A file has a name that the store needs itself.
        """
        if _RESULT in result.files or _FAILURE in result.files:
            expected = f"names other than {_RESULT} and {_FAILURE}"
            raise invalid_argument("files", expected, ", ".join(result.files))
        if self.done(job):  # Another process may have been faster.
            return
        for name, picture in result.pictures.items():
            write_bytes(self.path(job, f"{name}.png"), png(picture))
        for name, content in result.files.items():
            write_bytes(self.path(job, name), content)
        value = {
            "values": dict(result.values),
            "pictures": list(result.pictures),
            "trace": [dict(row) for row in result.trace],
            "files": list(result.files),
        }
        write_bytes(self.path(job, _RESULT), _json(value))
        with contextlib.suppress(tf.errors.NotFoundError):
            tf.io.gfile.remove(self.path(job, _FAILURE))

    def values(self, job: Job) -> dict[str, Any]:
        """Returns the values of a result that is there, without its pictures."""
        return self._load(job, _RESULT)["values"]

    def read(self, job: Job) -> JobResult:
        """Returns a result that is there, its pictures in 8 bits."""
        value = self._load(job, _RESULT)
        pictures = {}
        for name in value["pictures"]:
            pictures[name] = from_png(self._bytes(job, f"{name}.png"))
        files = {name: self._bytes(job, name) for name in value["files"]}
        return JobResult(value["values"], pictures, value["trace"], files)

    def fail(self, job: Job, failure: Failure) -> Failure | None:
        """Records why a job has no result, and returns it.

        If it has one, which another process may have written meanwhile, None is returned.
        """
        if self.done(job):
            return None
        write_bytes(self.path(job, _FAILURE), _json(failure._asdict()))
        return failure

    def failure(self, job: Job) -> Failure | None:
        """Returns why a job has no result, if it failed when it was last run."""
        if self.done(job) or not self._exists(job, _FAILURE):
            return None
        return Failure(**self._load(job, _FAILURE))


def run_job(job: Job, folder: str) -> Failure | None:
    """Runs a job unless its result is there, and keeps what comes of it.

    Args:
        job: The job.
        folder: The sweep's folder.

    Returns:
        Why it failed, or None.
    """
    store = Store(folder)
    if store.done(job):
        return None
    try:
        store.write(job, job.run(folder))
    except Exception as error:  # Whatever it is, the other jobs go on.
        reason = " ".join(str(error).split()) or type(error).__name__
        return store.fail(job, Failure(reason, traceback.format_exc()))
    return None
