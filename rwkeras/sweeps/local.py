"""Local runner of sweeps, one process for each core."""

import os
from collections import deque
from collections.abc import Hashable, Iterable
from multiprocessing.connection import wait

import tensorflow as tf

from rwkeras.sweeps.jobs import Job, Manifest
from rwkeras.sweeps.store import Failure, Store, SweepCallback, SweepResult
from rwkeras.sweeps.worker import Worker
from rwkeras.validation import checked_number


def cores() -> int:
    """Returns how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_workers() -> int:
    """Returns how many processes keep this machine busy: one for a GPU, or one for each core.

    Several images at once, each on a core, are done sooner than one after another on all.
    """
    return 1 if tf.config.list_physical_devices("GPU") else cores()


def _share(jobs: int, workers: int) -> tuple[int, int]:
    """Returns how many processes do so many jobs, and with how many threads each."""
    count = max(1, min(workers, jobs))
    return count, max(1, cores() // count)


class _Queue:
    """Queue of jobs, grouped by what a worker has cached for them."""

    def __init__(self, jobs: Iterable[Job]):
        self._jobs: dict[Hashable, deque[Job]] = {}
        for job in jobs:
            self._jobs.setdefault(job.affinity, deque()).append(job)

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def take(self, last: Hashable, taken: Iterable[Hashable]) -> Job:
        """Takes a job like a worker's last, or one like nobody's, or one of the most alike.

        Args:
            last: The affinity of the worker's last job.
            taken: Those of all workers' last.
        """
        affinity = last
        if affinity not in self._jobs:
            free = [each for each in self._jobs if each not in set(taken)]
            affinity = free[0] if free else max(self._jobs, key=lambda each: len(self._jobs[each]))
        job = self._jobs[affinity].popleft()
        if not self._jobs[affinity]:
            del self._jobs[affinity]
        return job


def run_sweep(
    manifest: Manifest,
    folder: str,
    *,
    workers: int | None = None,
    callback: SweepCallback | None = None,
) -> SweepResult:
    """Runs the jobs of a sweep that have no result yet.

    A job that fails, or whose process dies, is recorded with its reason, and the others go on. A
    sweep that was stopped or killed goes on where it was: what is whole is not done again, and what
    is done then has the bytes that it would have had. For that, TensorFlow's threads are shared out
    for all jobs of the manifest, however many are left: on more threads, sums are taken in another
    order.

    The processes import the script that calls this, which is to do so below
    `if __name__ == "__main__":`.

    Args:
        manifest: The jobs.
        folder: The sweep's folder; any path that `tf.io.gfile` takes.
        workers: How many processes; None for `default_workers()`. The cores are shared out.
        callback: Called whenever a job has ended, and for each that was done before.

    Returns:
        A `SweepResult`.

    Raises:
        ValueError: `workers` is not a number of at least 1.
    """
    workers = default_workers() if workers is None else workers
    workers = checked_number("workers", workers, integer=True, minimum=1)
    count, threads = _share(len(manifest), workers)
    left = Store(folder).waiting(manifest, callback)
    queue = _Queue(left)
    failures: list[tuple[Job, Failure]] = []
    pool = [Worker(folder, threads) for _ in range(min(count, len(left)))]

    def assign(worker: Worker) -> None:
        worker.give(queue.take(worker.affinity, [each.affinity for each in pool]))

    try:
        for worker in pool:
            assign(worker)
        while busy := [worker for worker in pool if worker.job is not None]:
            ready = wait([worker.connection for worker in busy])
            for worker in (worker for worker in busy if worker.connection in ready):
                job, failure = worker.take()
                if failure is not None:
                    failures.append((job, failure))
                if queue:
                    assign(worker)
                if callback is not None:
                    callback(job, failure)
    finally:
        for worker in pool:
            worker.end()
    return SweepResult(len(manifest) - len(failures), tuple(failures))
