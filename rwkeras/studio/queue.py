"""Persistent queue that runs one job at a time and survives restarts of the server."""

import contextlib
import dataclasses
import shutil
import threading

from rwkeras.digests import bytes_digest
from rwkeras.studio.interface import Abandoned, JobRunner, RunProgress, WorkItem
from rwkeras.studio.jobs import DONE, FAILED, RUNNING, STOPPED, WAITING, Job
from rwkeras.studio.names import new_job_name
from rwkeras.studio.recipes import Recipe
from rwkeras.studio.settings import StudioSettings
from rwkeras.studio.store import Store
from rwkeras.validation import check_number, invalid_argument

_RESULT_TOO_LARGE = "The result and its pictures exceed the storage limit (--max_kept)"


class Queue:
    """Runs the jobs of a store one after another in a thread.

    Jobs left waiting or running by an earlier queue of the store are run first; a job that was
    running resumes from its checkpoint.

    Args:
        store: Store of the jobs.
        settings: Limits, and the address of the TensorFlow Serving server, if any.
        run_job: Function that runs a job.
    """

    def __init__(self, store: Store, settings: StudioSettings, run_job: JobRunner):
        self._store, self._settings, self._run_job = store, settings, run_job
        self._condition = threading.Condition()
        self._jobs = {job.name: job for job in store.jobs()}
        self._progress: dict[str, RunProgress] = {}
        self._stop_requests: set[str] = set()
        self._closing = False
        self._thread = threading.Thread(
            target=self._run_jobs, name="rwkeras-studio-queue", daemon=True
        )

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stops the thread; the next queue of the store resumes a running job."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def submit(
        self,
        recipe: Recipe,
        *,
        group: str | None = None,
        expected_file: tuple[str, str] = ("", ""),
    ) -> Job:
        """Appends a recipe to the queue; returns its job.

        Args:
            recipe: The recipe.
            group: See `Job.group`; None for a new group.
            expected_file: See `Job.expected_file`.

        Raises:
            ValueError: The size exceeds the limit, a picture is missing, the queue is full, or a
                served model is to start from a picture.
        """
        check_number("size", recipe.size, maximum=self._settings.max_side)
        for digest in recipe.input_digests:
            self._store.picture_path(digest)
        if self._settings.endpoint is not None and recipe.start is not None:
            raise invalid_argument(
                "start", "None with served models, which always start anew", recipe.start
            )
        with self._condition:
            self.check_capacity(1)
            name = new_job_name()
            job = Job(
                name, recipe, group=name if group is None else group, expected_file=expected_file
            )
            self._save(job)
            self._condition.notify_all()
            return job

    def check_capacity(self, count: int) -> None:
        """Raises `ValueError` unless so many more jobs may wait."""
        with self._condition:
            waiting = sum(job.state == WAITING for job in self._jobs.values())
            if waiting + count > self._settings.max_waiting:
                expected = f"at most {self._settings.max_waiting} waiting jobs"
                raise invalid_argument("recipe", expected, f"{count} in addition to {waiting}")

    def stop(self, name: str) -> None:
        """Cancels a waiting job, or asks a running one to stop with its best picture so far."""
        with self._condition:
            job = self._jobs.get(name)
            if job is None or job.ended:
                return
            if job.state == WAITING:
                self._save(dataclasses.replace(job, state=STOPPED))
            else:
                self._stop_requests.add(name)

    def remove(self, name: str) -> None:
        """Removes a job and its picture if it has ended."""
        with self._condition:
            job = self._jobs.get(name)
            if job is not None and job.ended:
                self._store.remove_job(name)
                del self._jobs[name]

    def job(self, name: str) -> Job | None:
        """Returns the job of a name, or None."""
        with self._condition:
            return self._jobs.get(name)

    def jobs(self) -> list[Job]:
        """Returns all jobs, the oldest first."""
        with self._condition:
            return [self._jobs[name] for name in sorted(self._jobs)]

    def position(self, name: str) -> int | None:
        """Returns the number of jobs ahead of a job; None if it has ended or does not exist."""
        with self._condition:
            order = [job.name for job in self._pending()]
            return order.index(name) if name in order else None

    def progress(self, name: str) -> RunProgress | None:
        """Returns the progress of a running job, or None."""
        with self._condition:
            return self._progress.get(name)

    def _pending(self) -> list[Job]:
        """Returns the jobs that have not ended, a running one first, then by creation time."""
        pending = [self._jobs[name] for name in sorted(self._jobs) if not self._jobs[name].ended]
        return sorted(pending, key=lambda job: job.state != RUNNING)

    def _save(self, job: Job) -> None:
        self._store.save_job(job)
        self._jobs[job.name] = job

    def _run_jobs(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._closing or self._pending())
                if self._closing:
                    return
                job = dataclasses.replace(self._pending()[0], state=RUNNING)
                self._save(job)
            with contextlib.suppress(Abandoned):
                self._process(job)

    def _process(self, job: Job) -> None:
        """Runs a job and stores its result."""
        folder = self._store.prepare_job(job.name)

        def report(progress: RunProgress | None) -> bool:
            with self._condition:
                if progress is not None:
                    self._progress[job.name] = progress
                if self._closing:
                    raise Abandoned
                return job.name in self._stop_requests

        try:
            paths = {
                digest: self._store.picture_path(digest) for digest in job.recipe.input_digests
            }
            result = self._run_job(
                WorkItem(job.recipe, paths, folder, self._settings.endpoint), report
            )
            final = dataclasses.replace(
                job,
                recipe=result.recipe,
                state=STOPPED if result.stopped else DONE,
                digest=bytes_digest((folder / "picture.png").read_bytes()),
                seconds=result.seconds,
            )
        except (ValueError, OSError) as error:
            stop_requested = job.name in self._stop_requests
            final = dataclasses.replace(
                job, state=STOPPED if stop_requested else FAILED, error=str(error)
            )
        shutil.rmtree(folder / "checkpoint", ignore_errors=True)
        with self._condition:
            self._progress.pop(job.name, None)
            self._stop_requests.discard(job.name)
            self._save(final)
            for name in self._store.trim(keep=job.name):
                self._jobs.pop(name, None)
            if self._store.is_over_limit and final.digest:
                self._store.clear_job(job.name)
                self._save(
                    dataclasses.replace(final, state=FAILED, digest="", error=_RESULT_TOO_LARGE)
                )
