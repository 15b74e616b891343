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
from rwkeras.studio.performing import Left, Moment, Outcome, Report, Work

_WAIT = 0.2
# Seconds that an abandoned run has to save its state.
_LEAVE = 20.0


class Worker:
    """Handle of the worker process.

    Args:
        max_pixels: Maximum number of pixels of an input picture.
    """

    def __init__(self, max_pixels: int):
        self._max_pixels = max_pixels
        self._process: Any = None
        self._starting = threading.Lock()
        self._connection: Connection | None = None

    def start(self) -> None:
        """Starts the process unless it is alive; importing TensorFlow takes it some seconds."""
        with self._starting:
            if self._process is not None and self._process.is_alive():
                return
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(
                target=_work, args=(theirs, self._max_pixels), name="rwkeras-studio", daemon=True
            )
            self._process.start()
            theirs.close()

    def perform(self, work: Work, report: Report) -> Outcome:
        """Runs a job in the process; see `do_work`.

        Raises:
            ValueError: The job failed; the message is one line.
            Left: Raised by `report`.
        """
        self.start()
        connection = self._connection
        if connection is None:
            raise RuntimeError("the process has no connection")
        try:
            connection.send(work)
            while True:
                if not connection.poll(_WAIT):
                    self._hear(work, report, None)
                    continue
                kind, value = connection.recv()
                if kind == "done":
                    return value
                if kind == "failed":
                    raise ValueError(value)
                self._hear(work, report, value)
        except (EOFError, OSError) as error:
            self._end(0.0)
            raise ValueError(
                "The process that did the work ended, as one does that takes too much memory: a "
                "smaller size takes less"
            ) from error

    def _hear(self, work: Work, report: Report, moment: Moment | None) -> None:
        """Passes progress to `report`, and its decision to the process."""
        connection = self._connection
        if connection is None:
            raise RuntimeError("the process has no connection")
        try:
            if not report(moment):
                return
            if work.endpoint is not None:
                self._end(0.0)
                raise ValueError("A served model gives no picture before its end")
            connection.send("stop")
        except Left:
            with contextlib.suppress(OSError):
                connection.send("leave")
            self._end(_LEAVE)
            raise

    def kill(self) -> None:
        """Kills the process at once, even in the middle of a job."""
        self._end(0.0)

    def close(self) -> None:
        """Ends the process, which should be idle; kills it if it is alive after a second."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.send(None)
        self._end(1.0)

    def _end(self, seconds: float) -> None:
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if process is not None:
            process.join(seconds)
            if process.is_alive():
                process.kill()
                process.join()
        if connection is not None:
            connection.close()


def _work(connection: Connection, max_pixels: int) -> None:
    """Main function of the process: runs work items from a connection until None or its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The page's process handles Ctrl-C.
    Image.MAX_IMAGE_PIXELS = max_pixels
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with quiet_start():
        from rwkeras.studio.work import do_work

    with contextlib.suppress(EOFError, OSError, Left):
        for work in iter(connection.recv, None):
            if not isinstance(work, Work):
                continue  # A stop request that arrived after the job ended.
            answer: tuple[str, Any]
            try:
                answer = "done", do_work(work, _reporter(connection))
            except Left:
                raise
            except Exception as error:  # One failed job must not end the process.
                if not isinstance(error, ValueError | OSError | MemoryError):
                    traceback.print_exc()
                answer = "failed", " ".join(str(error).split()) or type(error).__name__
            connection.send(answer)


def _reporter(connection: Connection) -> Report:
    """Returns a `Report` that sends progress over a connection and receives stop requests."""

    def report(moment: Moment | None) -> bool:
        connection.send(("moment", moment))
        stop = False
        while connection.poll():
            said = connection.recv()
            if said == "leave":
                raise Left
            stop = stop or said == "stop"
        return stop

    return report
