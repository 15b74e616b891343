"""Standard streams whose write errors never end a run."""

import contextlib
import os
import sys
from typing import Any


class ErrorTolerantStream:
    """A text stream that ignores write errors, such as a closed pipe.

    Args:
        stream: Stream to write to; None discards the text.
    """

    def __init__(self, stream: Any):
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes text, ignoring errors."""
        # Python raises RuntimeError if a signal handler writes during a write.
        with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flushes the stream, ignoring errors."""
        with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        """Returns any other attribute of the stream."""
        return getattr(self._stream, name)


def _open_standard_streams() -> None:
    """Opens the standard streams that were closed when the process started, on the null device.

    Otherwise the next opened files get their descriptors, and messages that libraries print to
    stderr end up in an output picture.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # Gets the lowest free descriptor, `number`.
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def ignore_write_errors(*names: str) -> None:
    """Makes streams of this process `ErrorTolerantStream`.

    Args:
        names: "stdout", "stderr" or both.
    """
    _open_standard_streams()
    for name in names:
        setattr(sys, name, ErrorTolerantStream(getattr(sys, name)))
