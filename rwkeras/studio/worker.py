"""The process that does the work, one job after another, with TensorFlow in it.

The page's own process has none: it is there at once and answers while a network is compiled, and
what takes all memory ends this one alone.
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

from rwkeras.start_lines import quiet_start
from rwkeras.studio.performing import Left, Moment, Outcome, Report, Work

_WAIT = 0.2
# How long a run that is to be left has for its state, in seconds.
_LEAVE = 20.0


class Worker:
    """The process that does the work.

    Args:
        max_pixels: Pictures of more are refused.
    """

    def __init__(self, max_pixels: int):
        self._max_pixels = max_pixels
        self._process: Any = None
        self._starting = threading.Lock()
        self._connection: Connection | None = None

    def start(self) -> None:
        """Starts the process, unless it runs; it has TensorFlow seconds later."""
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
        """Does a job; as `do_work`.

        Raises:
            ValueError: What the job failed of, in one line.
            Left: `report` raised it.
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
        """Tells where a run stands, and the process what becomes of it."""
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
        """Ends the process at once, whatever it does."""
        self._end(0.0)

    def close(self) -> None:
        """Ends the process, which is to have nothing to do."""
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
    """Does what is asked over a connection until that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # It is the page's process that hears Ctrl-C.
    Image.MAX_IMAGE_PIXELS = max_pixels
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with quiet_start():
        from rwkeras.studio.work import do_work

    with contextlib.suppress(EOFError, OSError, Left):
        for work in iter(connection.recv, None):
            if not isinstance(work, Work):
                continue  # A stop that came after the end.
            answer: tuple[str, Any]
            try:
                answer = "done", do_work(work, _reporter(connection))
            except Left:
                raise
            except Exception as error:  # A fault of one job is not to be that of the next.
                if not isinstance(error, ValueError | OSError | MemoryError):
                    traceback.print_exc()
                answer = "failed", " ".join(str(error).split()) or type(error).__name__
            connection.send(answer)


def _reporter(connection: Connection) -> Report:
    """Returns a report that says all over a connection and hears there what becomes of the run."""

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
