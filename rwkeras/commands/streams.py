"""Standard streams whose write errors never end a run."""

import contextlib
import os
import sys
from typing import Any


class Unfailing:
    """A text stream that ignores write errors, such as a closed pipe.

    Args:
        stream: Where the text goes; None for nowhere.
    """

    def __init__(self, stream: Any):
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes text, if that can be done."""
        # A signal's handler may write while this does, which Python refuses.
        with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Has text written that was kept back, if that can be done."""
        with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        """Returns what else there is of the stream."""
        return getattr(self._stream, name)


def open_standard_streams() -> None:
    """Opens the standard streams that were closed when the process began.

    Else the next files that are opened get their numbers, and what libraries print to stderr would
    be written into a picture.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # Takes the lowest number that is free.
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def keep_progress_from_failing(*names: str) -> None:
    """Makes streams of this process `Unfailing`.

    Args:
        names: Of "stdout" and "stderr".
    """
    open_standard_streams()
    for name in names:
        setattr(sys, name, Unfailing(getattr(sys, name)))
