"""Entry point of the tools: imports, flags, signals and one-line errors."""

import contextlib
import importlib
import logging
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType

import absl.logging
from absl import app, flags
from PIL import Image

from rwkeras.commands.streams import ignore_write_errors
from rwkeras.startup_log import quiet_start
from rwkeras.validation import check_number

# Exit status of a process ended by a signal: this plus the signal's number.
SIGNALLED = 128

_ERRORS = (ValueError, OSError, MemoryError)

flags.DEFINE_float(
    "max_megapixels",
    None,
    "Maximum size of input pictures in millions of pixels, as a file of a few bytes can claim any "
    f"size; default: {(Image.MAX_IMAGE_PIXELS or 0) / 1000000.0:.1f}.",
)


class Signalled(BaseException):
    """A termination signal, raised as an exception so that cleanup runs.

    Args:
        number: Number of the signal.
    """

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def _signals_raised() -> Iterator[None]:
    """Raises `Signalled` on SIGTERM and SIGHUP in the block, unless they are ignored."""

    def end(number, frame):
        # A second SIGTERM ends the process at once; a terminal may send SIGHUP twice.
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.SIG_IGN)
        raise Signalled(number)

    handled = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) == signal.SIG_DFL]
    for number in handled:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _expected_errors() -> tuple[type[Exception], ...]:
    """Returns the exceptions reported in one line; TensorFlow's `OpError` if it is loaded."""
    tensorflow = sys.modules.get("tensorflow")
    return _ERRORS if tensorflow is None else (*_ERRORS, tensorflow.errors.OpError)


def _run_guarded(function: Callable[[], int | None]) -> int:
    """Calls a function, prints expected errors in one line and returns the exit status."""
    try:
        return function() or 0
    except _expected_errors() as error:
        print(f"error: {_one_line(error)}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Signalled) as error:
        print("interrupted", file=sys.stderr)
        return SIGNALLED + (error.number if isinstance(error, Signalled) else signal.SIGINT)


def _parsed(arguments: list[str]) -> list[str]:
    """Parses flags and returns the other arguments; exits with a message if a flag is invalid."""
    try:
        return flags.FLAGS(arguments)
    except flags.Error as error:
        print(f"error: {_one_line(error)}", file=sys.stderr)
        sys.exit(1)


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


def _import_tool(module_name: str) -> ModuleType:
    """Imports a tool's module and initialises TensorFlow's devices, filtering start-up noise."""
    with quiet_start():
        module = importlib.import_module(module_name)
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is not None:
            tensorflow.config.list_physical_devices()
        return module


def _allow_megapixels() -> None:
    """Sets Pillow's size limit from `--max_megapixels`."""
    millions = flags.FLAGS.max_megapixels
    if millions is not None:
        check_number("max_megapixels", millions, exclusive=True)
        Image.MAX_IMAGE_PIXELS = round(millions * 1e6)


def launch(module_name: str) -> None:
    """Runs a tool and exits.

    Args:
        module_name: A module that defines absl flags and `main()`, which returns an exit status
            or None. It is imported here, so that import errors are reported in one line too.
    """
    ignore_write_errors("stderr")
    warnings.showwarning = _show_warning
    # Each network has its own functions, and TensorFlow warns about retracing.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # Hide messages about written checkpoints and models.
    absl.logging.set_verbosity(absl.logging.WARNING)
    # The one-line error already describes a broken file.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    tools: list[ModuleType] = []
    status = _run_guarded(lambda: tools.append(_import_tool(module_name)))
    if status:
        sys.exit(status)

    def main(arguments: list[str]) -> int:
        def run() -> int | None:
            if len(arguments) > 1:
                raise ValueError(f"Unexpected arguments: {' '.join(arguments[1:])}")
            _allow_megapixels()
            with _signals_raised():
                return tools[0].main()

        return _run_guarded(run)

    # `--help` shows the docstring and the key flags of the program.
    sys.modules["__main__"].__doc__ = tools[0].__doc__
    for flag in own_flags():
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    app.run(main, flags_parser=_parsed)
