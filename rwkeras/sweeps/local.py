"""Local runner of sweeps, with several worker processes."""

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
    """Returns the number of CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_workers() -> int:
    """Returns the number of worker processes for this machine: 1 with a GPU, else one per core.

    Several images at once, each on one core, are faster than one after another on all cores.
    """
    return 1 if tf.config.list_physical_devices("GPU") else cores()


def _processes_and_threads(jobs: int, workers: int) -> tuple[int, int]:
    """Returns the number of processes for a number of jobs, and the threads of each process."""
    count = max(1, min(workers, jobs))
    return count, max(1, cores() // count)


class _Queue:
    """Queue of jobs, grouped by affinity."""

    def __init__(self, jobs: Iterable[Job]):
        self._jobs: dict[Hashable, deque[Job]] = {}
        for job in jobs:
            self._jobs.setdefault(job.affinity, deque()).append(job)

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def pop(self, last: Hashable, assigned: Iterable[Hashable]) -> Job:
        """Removes and returns the best job for a worker.

        Preferred is the affinity of the worker's last job, then one of no worker's last job, then
        the one with most jobs left.

        Args:
            last: Affinity of the worker's last job.
            assigned: Affinities of all workers' last jobs.
        """
        affinity = last
        if affinity not in self._jobs:
            free = [each for each in self._jobs if each not in set(assigned)]
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

    The failure of a job, or the death of its process, is recorded with its reason, and the other
    jobs continue. A sweep that was stopped or killed resumes when run again: complete results are
    kept, and the others have the same bytes as without the interruption. For this, the number of
    TensorFlow threads per process depends on all jobs of the manifest, not on those left: with
    other numbers of threads, sums are computed in another order.

    The worker processes import the script that calls this function, so the call must be below
    `if __name__ == "__main__":`.

    Args:
        manifest: The jobs.
        folder: The sweep's folder; any path that `tf.io.gfile` takes.
        workers: Number of processes, which share the cores; None for `default_workers()`.
        callback: Called for each job that was done before, and whenever a job ends.

    Returns:
        A `SweepResult`.

    Raises:
        ValueError: `workers` is not a number of at least 1.
    """
    workers = default_workers() if workers is None else workers
    workers = checked_number("workers", workers, integer=True, minimum=1)
    count, threads = _processes_and_threads(len(manifest), workers)
    pending = Store(folder).pending(manifest, callback)
    queue = _Queue(pending)
    failures: list[tuple[Job, Failure]] = []
    pool = [Worker(folder, threads) for _ in range(min(count, len(pending)))]

    def assign(worker: Worker) -> None:
        worker.submit(queue.pop(worker.affinity, [each.affinity for each in pool]))

    try:
        for worker in pool:
            assign(worker)
        while busy := [worker for worker in pool if worker.job is not None]:
            ready = wait([worker.connection for worker in busy])
            for worker in (worker for worker in busy if worker.connection in ready):
                job, failure = worker.wait()
                if failure is not None:
                    failures.append((job, failure))
                if queue:
                    assign(worker)
                if callback is not None:
                    callback(job, failure)
    finally:
        for worker in pool:
            worker.terminate()
    return SweepResult(len(manifest) - len(failures), tuple(failures))
