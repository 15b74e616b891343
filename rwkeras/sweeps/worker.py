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

# Of a process that began after a change of the code, and has given the result another name.
_MISNAMED = Failure("its code was changed while the sweep ran")


def _end_with_parent() -> None:
    """Ends this process when the one that started it has ended, in whatever way."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _serve(connection: Connection, folder: str, threads: int) -> None:
    """Runs jobs that come through a connection for as long as someone is there to send any."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Each job has functions of its own, and TensorFlow warns of every one that it traces anew.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    with contextlib.suppress(EOFError):
        while True:
            connection.send(run_job(connection.recv(), folder))


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Blocks SIGINT in processes started within, so that Ctrl-C reaches their parent alone."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Worker:
    """A process that runs jobs one at a time, started when the first job comes.

    If the process dies, that is recorded as the reason why its job failed, and the next job gets
    another process. What a job leaves in memory, such as its network, is there for the next.

    Attributes:
        job: What it does, or None.
        affinity: That of its last job.
        connection: What is ready once the job has ended.

    Args:
        folder: The sweep's folder.
        threads: How many threads TensorFlow computes with.
    """

    def __init__(self, folder: str, threads: int):
        self._folder, self._threads = folder, threads
        self._process: SpawnProcess | None = None
        self.connection: Any = None
        self.job: Job | None = None
        self.affinity: Hashable = None

    def _start(self) -> None:
        # A fork would have whatever TensorFlow's threads hold here, and not the threads.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        arguments = theirs, self._folder, self._threads
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        with _interrupts_blocked():
            self._process.start()
        theirs.close()

    def give(self, job: Job) -> None:
        """Sends a job to the process."""
        if self._process is None or not self._process.is_alive():
            self.end()
            self._start()
        self.job, self.affinity = job, job.affinity
        # That the process has died meanwhile is noticed when the job is taken back.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(job)

    def take(self) -> tuple[Job, Failure | None]:
        """Waits until the job has ended and returns it, and why it failed, or None."""
        if self.job is None or self._process is None:
            raise RuntimeError("The worker has no job.")
        job, self.job = self.job, None
        try:
            failure = self.connection.recv() or _MISNAMED
        except (EOFError, ConnectionResetError):
            self._process.join()
            failure = Failure(f"the worker ended with exit code {self._process.exitcode}")
            self.affinity = None
        # Of a job that has its result there is no failure.
        return job, Store(self._folder).fail(job, failure)

    def run(self, job: Job) -> Failure | None:
        """Runs a job in the process; returns why it failed, or None."""
        self.give(job)
        return self.take()[1]

    def end(self) -> None:
        """Ends the process, and with it the job that it may have."""
        if self._process is not None:
            self._process.terminate()
            self._process.join()
            self.connection.close()
        self._process = None
