"""Persistent queue that runs one job at a time and survives restarts of the server."""

import contextlib
import dataclasses
import shutil
import threading

from rwkeras.studio.jobs import DONE, FAILED, RUNNING, STOPPED, WAITING, Job
from rwkeras.studio.names import digest_of, new_job_name
from rwkeras.studio.performing import Left, Moment, Perform, Work
from rwkeras.studio.recipes import Recipe
from rwkeras.studio.settings import StudioSettings
from rwkeras.studio.store import Store
from rwkeras.validation import check_number, invalid_argument

_NO_ROOM = "The result and its pictures are larger than all that may be kept (--max_kept)"


class Queue:
    """Runs the jobs of a store one after another in a thread.

    Jobs left waiting or running by an earlier queue of the store are run first; a job that was
    running resumes from its checkpoint.

    Args:
        store: Store of the jobs.
        settings: Limits, and the address of the TensorFlow Serving server, if any.
        perform: Function that runs a job.
    """

    def __init__(self, store: Store, settings: StudioSettings, perform: Perform):
        self._store, self._settings, self._perform = store, settings, perform
        self._changed = threading.Condition()
        self._jobs = {job.name: job for job in store.jobs()}
        self._moments: dict[str, Moment] = {}
        self._stops: set[str] = set()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="rwkeras-studio-queue", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stops the thread; the next queue of the store resumes a running job."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def submit(
        self,
        recipe: Recipe,
        *,
        group: str | None = None,
        wanted: tuple[str, str] = ("", ""),
    ) -> Job:
        """Appends a recipe to the queue; returns its job.

        Args:
            recipe: The recipe.
            group: See `Job.group`; None for a new group.
            wanted: See `Job.wanted`.

        Raises:
            ValueError: The size exceeds the limit, a picture is missing, the queue is full, or a
                served model is to start from a picture.
        """
        check_number("size", recipe.size, maximum=self._settings.max_side)
        for digest in recipe.needed:
            self._store.picture_path(digest)
        if self._settings.endpoint is not None and recipe.start is not None:
            raise invalid_argument(
                "start", "None with served models, which begin anew", recipe.start
            )
        with self._changed:
            self.check_room(1)
            name = new_job_name()
            job = Job(name, recipe, group=name if group is None else group, wanted=wanted)
            self._keep(job)
            self._changed.notify_all()
            return job

    def check_room(self, count: int) -> None:
        """Raises `ValueError` unless so many more jobs may wait."""
        with self._changed:
            waiting = sum(job.state == WAITING for job in self._jobs.values())
            if waiting + count > self._settings.max_waiting:
                expected = f"at most {self._settings.max_waiting} jobs to wait"
                raise invalid_argument("recipe", expected, f"{count} more than {waiting}")

    def stop(self, name: str) -> None:
        """Cancels a waiting job, or asks a running one to stop with its best picture so far."""
        with self._changed:
            job = self._jobs.get(name)
            if job is None or job.ended:
                return
            if job.state == WAITING:
                self._keep(dataclasses.replace(job, state=STOPPED))
            else:
                self._stops.add(name)

    def remove(self, name: str) -> None:
        """Removes a job and its picture if it has ended."""
        with self._changed:
            job = self._jobs.get(name)
            if job is not None and job.ended:
                self._store.remove_job(name)
                del self._jobs[name]

    def job(self, name: str) -> Job | None:
        """Returns the job of a name, or None."""
        with self._changed:
            return self._jobs.get(name)

    def jobs(self) -> list[Job]:
        """Returns all jobs, the oldest first."""
        with self._changed:
            return [self._jobs[name] for name in sorted(self._jobs)]

    def place(self, name: str) -> int | None:
        """Returns the number of jobs ahead of a job; None if it has ended or does not exist."""
        with self._changed:
            order = [job.name for job in self._pending()]
            return order.index(name) if name in order else None

    def moment(self, name: str) -> Moment | None:
        """Returns the progress of a running job, or None."""
        with self._changed:
            return self._moments.get(name)

    def _pending(self) -> list[Job]:
        """Returns the jobs that have not ended, a running one first, then by creation time."""
        left = [self._jobs[name] for name in sorted(self._jobs) if not self._jobs[name].ended]
        return sorted(left, key=lambda job: job.state != RUNNING)

    def _keep(self, job: Job) -> None:
        self._store.save_job(job)
        self._jobs[job.name] = job

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._pending())
                if self._closing:
                    return
                job = dataclasses.replace(self._pending()[0], state=RUNNING)
                self._keep(job)
            with contextlib.suppress(Left):
                self._do(job)

    def _do(self, job: Job) -> None:
        """Runs a job and stores its outcome."""
        folder = self._store.prepare_job(job.name)

        def report(moment: Moment | None) -> bool:
            with self._changed:
                if moment is not None:
                    self._moments[job.name] = moment
                if self._closing:
                    raise Left
                return job.name in self._stops

        try:
            paths = {digest: self._store.picture_path(digest) for digest in job.recipe.needed}
            outcome = self._perform(
                Work(job.recipe, paths, folder, self._settings.endpoint), report
            )
            ended = dataclasses.replace(
                job,
                recipe=outcome.recipe,
                state=STOPPED if outcome.stopped else DONE,
                digest=digest_of((folder / "picture.png").read_bytes()),
                seconds=outcome.seconds,
            )
        except (ValueError, OSError) as error:
            asked = job.name in self._stops
            ended = dataclasses.replace(job, state=STOPPED if asked else FAILED, error=str(error))
        shutil.rmtree(folder / "checkpoint", ignore_errors=True)
        with self._changed:
            self._moments.pop(job.name, None)
            self._stops.discard(job.name)
            self._keep(ended)
            for name in self._store.trim(keep=job.name):
                self._jobs.pop(name, None)
            if self._store.is_over_limit and ended.digest:
                self._store.clear_job(job.name)
                self._keep(dataclasses.replace(ended, state=FAILED, digest="", error=_NO_ROOM))
