"""Worker process that runs jobs one after another with TensorFlow.

The page's process does not import TensorFlow: it starts at once, stays responsive while a network
is compiled, and survives when the worker runs out of memory.
"""

import contextlib
import logging
import multiprocessing
import signal
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from PIL import Image

from rwkeras.startup_log import quiet_start
from rwkeras.studio.interface import Abandoned, ProgressCallback, RunProgress, RunResult, WorkItem

_POLL_SECONDS = 0.2
# Seconds that an abandoned run has to save its state.
_ABANDON_SECONDS = 20.0


class Worker:
    """Handle of the worker process.

    Args:
        max_pixels: Maximum number of pixels of an input picture.
    """

    def __init__(self, max_pixels: int):
        self._max_pixels = max_pixels
        self._process: Any = None
        self._start_lock = threading.Lock()
        self._connection: Connection | None = None

    def start(self) -> None:
        """Starts the process unless it is alive; importing TensorFlow takes it some seconds."""
        with self._start_lock:
            if self._process is not None and self._process.is_alive():
                return
            context = multiprocessing.get_context("spawn")
            self._connection, child_connection = context.Pipe()
            self._process = context.Process(
                target=_worker_main,
                args=(child_connection, self._max_pixels),
                name="rwkeras-studio",
                daemon=True,
            )
            self._process.start()
            child_connection.close()

    def run_job(self, item: WorkItem, report: ProgressCallback) -> RunResult:
        """Runs a job in the process; see `rwkeras.studio.job_runner.run_job`.

        Raises:
            ValueError: The job failed; the message is one line.
            Abandoned: Raised by `report`.
        """
        self.start()
        connection = self._connection
        if connection is None:
            raise RuntimeError("the process is not connected")
        try:
            connection.send(item)
            while True:
                if not connection.poll(_POLL_SECONDS):
                    self._forward_progress(item, report, None)
                    continue
                kind, value = connection.recv()
                if kind == "done":
                    return value
                if kind == "failed":
                    raise ValueError(value)
                self._forward_progress(item, report, value)
        except (EOFError, OSError) as error:
            self._end_process(0.0)
            raise ValueError(
                "The worker process ended, possibly out of memory: try a smaller size"
            ) from error

    def _forward_progress(
        self, item: WorkItem, report: ProgressCallback, progress: RunProgress | None
    ) -> None:
        """Passes progress to `report`, and its decision to the process."""
        connection = self._connection
        if connection is None:
            raise RuntimeError("the process is not connected")
        try:
            if not report(progress):
                return
            if item.endpoint is not None:
                self._end_process(0.0)
                raise ValueError("A served model returns no picture when stopped")
            connection.send("stop")
        except Abandoned:
            with contextlib.suppress(OSError):
                connection.send("abandon")
            self._end_process(_ABANDON_SECONDS)
            raise

    def kill(self) -> None:
        """Kills the process at once, even in the middle of a job."""
        self._end_process(0.0)

    def close(self) -> None:
        """Ends the process, which should be idle; kills it if it is alive after a second."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.send(None)
        self._end_process(1.0)

    def _end_process(self, timeout: float) -> None:
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if process is not None:
            process.join(timeout)
            if process.is_alive():
                process.kill()
                process.join()
        if connection is not None:
            connection.close()


def _worker_main(connection: Connection, max_pixels: int) -> None:
    """Main function of the process: runs work items from a connection until None or its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The page's process handles Ctrl-C.
    Image.MAX_IMAGE_PIXELS = max_pixels
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with quiet_start():
        from rwkeras.studio.job_runner import run_job

    with contextlib.suppress(EOFError, OSError, Abandoned):
        for item in iter(connection.recv, None):
            if not isinstance(item, WorkItem):
                continue  # A stop request that arrived after the job ended.
            reply: tuple[str, Any]
            try:
                reply = "done", run_job(item, _progress_sender(connection))
            except Abandoned:
                raise
            except Exception as error:  # One failed job must not end the process.
                if not isinstance(error, ValueError | OSError | MemoryError):
                    traceback.print_exc()
                reply = "failed", " ".join(str(error).split()) or type(error).__name__
            connection.send(reply)


def _progress_sender(connection: Connection) -> ProgressCallback:
    """Returns a callback that sends progress over a connection and receives stop requests."""

    def report(progress: RunProgress | None) -> bool:
        connection.send(("progress", progress))
        stop = False
        while connection.poll():
            message = connection.recv()
            if message == "abandon":
                raise Abandoned
            stop = stop or message == "stop"
        return stop

    return report
