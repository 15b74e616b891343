"""Worker process that runs one job at a time and isolates its failures."""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Hashable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

import tensorflow as tf

from rwkeras.sweeps.jobs import Job
from rwkeras.sweeps.store import Failure, Store, run_job

# Failure if the process started after a change of the code, so that its result has another key.
_CODE_CHANGED = Failure("the code changed during the sweep")


def _exit_with_parent() -> None:
    """Waits for the parent process to end, in whatever way, and then ends this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _serve(connection: Connection, folder: str, threads: int) -> None:
    """Runs jobs received through a connection until its other end is closed."""
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    # Each job compiles its own functions, which TensorFlow would report as frequent retracing.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    with contextlib.suppress(EOFError):
        while True:
            connection.send(run_job(connection.recv(), folder))


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Blocks SIGINT in processes started in the block, so that only the parent handles Ctrl-C."""
    previous_mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous_mask)


class Worker:
    """A process that runs one job at a time; it is started with the first job.

    If the process dies, that is recorded as the failure of its job, and the next job gets a new
    process. Later jobs can reuse what a job has cached in memory, such as its network.

    Attributes:
        job: Current job, or None.
        affinity: Affinity of the last job; None after the process has died.
        connection: Connection to the process, which is ready to read once the job has ended.

    Args:
        folder: The sweep's folder.
        threads: Number of TensorFlow threads of the process.
    """

    def __init__(self, folder: str, threads: int):
        self._folder, self._threads = folder, threads
        self._process: SpawnProcess | None = None
        self.connection: Any = None
        self.job: Job | None = None
        self.affinity: Hashable = None

    def _start(self) -> None:
        # Not forked: a fork would inherit locks held by TensorFlow's threads, but not the threads.
        context = multiprocessing.get_context("spawn")
        self.connection, child_connection = context.Pipe()
        arguments = child_connection, self._folder, self._threads
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        with _interrupts_blocked():
            self._process.start()
        child_connection.close()

    def submit(self, job: Job) -> None:
        """Sends a job to the process."""
        if self._process is None or not self._process.is_alive():
            self.terminate()
            self._start()
        self.job, self.affinity = job, job.affinity
        # If the process has died meanwhile, `wait` notices it.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(job)

    def wait(self) -> tuple[Job, Failure | None]:
        """Waits until the job has ended; returns it with its failure, or None."""
        if self.job is None or self._process is None:
            raise RuntimeError("The worker has no job.")
        job, self.job = self.job, None
        try:
            failure = self.connection.recv() or _CODE_CHANGED
        except (EOFError, ConnectionResetError):
            self._process.join()
            failure = Failure(f"the worker ended with exit code {self._process.exitcode}")
            self.affinity = None
        # `record_failure` returns None if the job has its result.
        return job, Store(self._folder).record_failure(job, failure)

    def run(self, job: Job) -> Failure | None:
        """Runs a job in the process; returns its failure, or None."""
        self.submit(job)
        return self.wait()[1]

    def terminate(self) -> None:
        """Terminates the process, and any job that it is running."""
        if self._process is not None:
            self._process.terminate()
            self._process.join()
            self.connection.close()
        self._process = None
