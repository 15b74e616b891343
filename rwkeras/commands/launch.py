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

from rwkeras.commands.streams import keep_progress_from_failing
from rwkeras.start_lines import quiet_start
from rwkeras.validation import check_number

# A process that a signal ends has this and the signal's number as its status.
SIGNALLED = 128

_ERRORS = (ValueError, OSError, MemoryError)

flags.DEFINE_float(
    "max_megapixels",
    None,
    "Pictures of more million pixels are refused, as a file of a few bytes can claim any size; by "
    f"default {(Image.MAX_IMAGE_PIXELS or 0) / 1e6:.1f}.",
)


class Signalled(BaseException):
    """A termination signal, raised as an exception so that cleanup runs.

    Args:
        number: The signal's.
    """

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def _signals_raised() -> Iterator[None]:
    """Raises `Signalled` in a block at SIGTERM and SIGHUP, unless they are ignored."""

    def end(number, frame):
        # A second SIGTERM ends the process at once; a terminal may send SIGHUP twice.
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.SIG_IGN)
        raise Signalled(number)

    heard = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) == signal.SIG_DFL]
    for number in heard:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


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
    except (KeyboardInterrupt, Signalled) as error:
        print("interrupted", file=sys.stderr)
        return SIGNALLED + (error.number if isinstance(error, Signalled) else signal.SIGINT)


def _parsed(arguments: list[str]) -> list[str]:
    """Returns what of the command line is no flag; ends the process where a flag is wrong."""
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


def _imported(module_name: str) -> ModuleType:
    """Returns a tool's module, once TensorFlow has said what it says where it is first used."""
    with quiet_start():
        module = importlib.import_module(module_name)
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is not None:
            tensorflow.config.list_physical_devices()
        return module


def _allow_megapixels() -> None:
    """Has Pillow read pictures as large as the flag says."""
    millions = flags.FLAGS.max_megapixels
    if millions is not None:
        check_number("max_megapixels", millions, exclusive=True)
        Image.MAX_IMAGE_PIXELS = round(millions * 1e6)


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
    # That a checkpoint or a model was written is no news either.
    absl.logging.set_verbosity(absl.logging.WARNING)
    # What is wrong with a broken file is said in the one line of its error.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    tools: list[ModuleType] = []
    status = _guarded(lambda: tools.append(_imported(module_name)))
    if status:
        sys.exit(status)

    def main(arguments: list[str]) -> int:
        def run() -> int | None:
            if len(arguments) > 1:
                raise ValueError(f"Unexpected arguments: {' '.join(arguments[1:])}")
            _allow_megapixels()
            with _signals_raised():
                return tools[0].main()

        return _guarded(run)

    # `--help` shows the program's documentation and the flags that are its own.
    sys.modules["__main__"].__doc__ = tools[0].__doc__
    for flag in own_flags():
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    app.run(main, flags_parser=_parsed)
