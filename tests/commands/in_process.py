"""Tools one after another in one process, which imports TensorFlow once.

As a program, it runs the command lines of standard input, JSON of [tool, flag, ...] each, in the
present folder and prints as JSON what came of each.
"""

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from absl import flags
from absl.testing import flagsaver
from PIL import Image

ROOT = Path(__file__).parents[2]
# The flags of modules that tools share, which each tool that has them defines anew.
_DEFINED_ANEW = ("coarse_to_fine", "draws")


class Outcome(NamedTuple):
    """What came of a command line: the status, or None with a traceback, and what was said."""

    returncode: int | None
    stdout: str
    stderr: str


class Tool:
    """A tool whose flags are there as long as this is used as a context manager.

    Args:
        name: Its module.
    """

    def __init__(self, name: str):
        self._name, self._module = name, f"rwkeras.commands.{name}"

    def __enter__(self) -> "Tool":
        importlib.import_module(self._module)
        return self

    def __exit__(self, *exception) -> None:
        own = flags.FLAGS.flags_by_module_dict().get(self._module, [])
        for name in [*(flag.name for flag in own), *_DEFINED_ANEW]:
            if name in flags.FLAGS:
                delattr(flags.FLAGS, name)
        del sys.modules[self._module]

    def run(self, arguments: Sequence[str]) -> Outcome:
        """Runs the tool as its console script does."""
        from rwkeras.commands.launch import launch

        said, errors = io.StringIO(), io.StringIO()
        argv, limit, status = sys.argv, Image.MAX_IMAGE_PIXELS, None
        with (
            flagsaver.flagsaver(),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(errors),
        ):
            sys.argv = [self._name, *arguments]
            try:
                launch(self._module)
            except SystemExit as end:
                status = end.code or 0
            except Exception:
                errors.write(traceback.format_exc())
            finally:
                sys.argv, Image.MAX_IMAGE_PIXELS = argv, limit
        return Outcome(status, said.getvalue(), errors.getvalue())


def outcomes(folder: Path, lines: Iterable[Sequence[str]]) -> list[Outcome]:
    """Runs command lines in a folder, in a process of their own.

    Args:
        folder: Where the process runs.
        lines: The tool and the flags of each, those of one tool behind each other.
    """
    process = subprocess.run(
        [sys.executable, "-m", "tests.commands.in_process"],
        input=json.dumps([[str(word) for word in line] for line in lines]),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert process.returncode == 0, process.stderr
    return [Outcome(*outcome) for outcome in json.loads(process.stdout.splitlines()[-1])]


def main() -> None:
    """Runs what standard input says."""
    done: list[Outcome] = []
    lines = json.load(sys.stdin)
    for tool in dict.fromkeys(line[0] for line in lines):
        with Tool(tool) as running:
            done += [running.run(line[1:]) for line in lines if line[0] == tool]
    print(json.dumps(done))


if __name__ == "__main__":
    main()
