"""How a tool starts, and how it says what went wrong."""

import importlib
import logging
import signal
import sys
import warnings
from collections.abc import Callable

from absl import app, flags

from rwkeras.commands.streams import keep_progress_from_failing

# A process that a signal ends has this and the signal's number as its status.
SIGNALLED = 128

_ERRORS = (ValueError, OSError, MemoryError)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _expected_errors() -> tuple[type[Exception], ...]:
    """Returns the errors that a person can do something about; TensorFlow's, if it is loaded."""
    tensorflow = sys.modules.get("tensorflow")
    return _ERRORS if tensorflow is None else (*_ERRORS, tensorflow.errors.OpError)


def _guarded(function: Callable[[], int | None]) -> int:
    """Returns the exit status of a function whose errors are said in one line."""
    try:
        return function() or 0
    except _expected_errors() as error:
        print(f"error: {_one_line(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return SIGNALLED + signal.SIGINT


def own_flags() -> list[flags.Flag]:
    """Returns the flags that the imported modules of this package define."""
    return [
        flag
        for module, module_flags in flags.FLAGS.flags_by_module_dict().items()
        if module.startswith("rwkeras.")
        for flag in module_flags
    ]


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    if issubclass(category, UserWarning):
        print(f"warning: {message}", file=sys.stderr)


def launch(module_name: str) -> None:
    """Runs a tool and exits.

    Args:
        module_name: A module that defines absl flags and `main()`, which returns an exit status
            or None. It is imported here, so that an unusable set-up is an error like any other.
    """
    keep_progress_from_failing("stderr")
    warnings.showwarning = _show_warning
    # A network has functions of its own, and TensorFlow warns of each that it traces anew.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    tools = []
    status = _guarded(lambda: tools.append(importlib.import_module(module_name)))
    if status:
        sys.exit(status)

    def main(arguments: list[str]) -> int:
        if len(arguments) > 1:
            raise app.UsageError(f"Unexpected arguments: {' '.join(arguments[1:])}")
        return _guarded(tools[0].main)

    # `--help` shows the program's documentation and the flags that are its own.
    sys.modules["__main__"].__doc__ = tools[0].__doc__
    for flag in own_flags():
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    app.run(main)
