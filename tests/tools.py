"""Helpers to run the command-line tools, in the test process or in a separate one."""

import contextlib
import io
import logging
import os
import runpy
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from absl import app, flags
from absl.flags import _helpers
from absl.testing import flagsaver
from PIL import Image

import rwkeras

ROOT = Path(__file__).parents[1]
Ended = subprocess.CompletedProcess

# absl defines these flags once per process; here, so that `_as_in_a_new_process` does not undo it.
app.define_help_flags()


@contextlib.contextmanager
def working_directory(folder: Path) -> Iterator[None]:
    """Changes the working directory; Python has `contextlib.chdir` since 3.11 only."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def path_of(tool: str) -> Path:
    """Returns the path of a tool's program."""
    return ROOT / "tools" / f"{tool}.py"


def run_in_its_own_process(
    tool: str, arguments: Sequence[object], environment: dict[str, str] | None = None
) -> Ended:
    """Runs a tool in the current folder, in a new process."""
    return subprocess.run(
        [sys.executable, path_of(tool), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=300,
    )


def run_here(tool: str, arguments: Sequence[object]) -> Ended:
    """Runs a tool in the current folder in this process, which has already imported TensorFlow.

    The tool is imported anew, and flags and warnings are as in a new process. Memory limits and the
    choice of Keras cannot be tested, as they belong to the whole process.
    """
    with (
        _as_in_a_new_process(),
        contextlib.redirect_stdout(io.StringIO()) as stdout,
        contextlib.redirect_stderr(io.StringIO()) as stderr,
    ):
        sys.argv[1:] = map(str, arguments)
        try:
            runpy.run_path(str(path_of(tool)), run_name="__main__")
            status = 0
        except SystemExit as ended:
            status = ended.code or 0
    if not isinstance(status, int):
        status = 1
    return Ended([tool, *arguments], status, stdout.getvalue(), stderr.getvalue())


@contextlib.contextmanager
def _as_in_a_new_process() -> Iterator[None]:
    """Hides global state left by earlier tools in the block, and restores it afterwards."""
    arguments, handlers = list(sys.argv), list(logging.getLogger().handlers)
    levels = {name: logging.getLogger(name).level for name in ("tensorflow", "tifffile")}
    pixels = Image.MAX_IMAGE_PIXELS
    commands, modules = rwkeras.__dict__.get("commands"), _take_modules()
    disclaimed = set(_helpers.disclaim_module_ids)
    _remove_flags()
    try:
        with flagsaver.flagsaver(), warnings.catch_warnings():
            warnings.resetwarnings()
            warnings.simplefilter("default")
            yield
    finally:
        _take_modules()
        sys.modules.update(modules)
        # Addresses of modules, which later modules may have once these are gone.
        _helpers.disclaim_module_ids.clear()
        _helpers.disclaim_module_ids.update(disclaimed)
        if commands is not None:
            rwkeras.commands = commands
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        logging.getLogger().handlers[:] = handlers
        sys.argv[:] = arguments
        Image.MAX_IMAGE_PIXELS = pixels


def _take_modules() -> dict[str, object]:
    """Removes the tools' modules from `sys.modules` and returns them."""
    names = [name for name in sys.modules if f"{name}.".startswith("rwkeras.commands.")]
    return {name: sys.modules.pop(name) for name in names}


def _remove_flags() -> None:
    """Removes the tools' flags, some of which differ between tools."""
    for module, own in flags.FLAGS.flags_by_module_dict().items():
        if module.startswith("rwkeras."):
            for flag in list(own):
                delattr(flags.FLAGS, flag.name)
