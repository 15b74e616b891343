import os
import subprocess
import sys

import pytest

import rwkeras
from rwkeras.commands.streams import ErrorTolerantStream
from tests.commands.conftest import TOY
from tests.tools import ROOT


class FailingStream:
    """A stream that fails."""

    name = "broken"

    def __init__(self, error):
        self.error = error

    def write(self, text):
        raise self.error

    def flush(self):
        raise self.error


@pytest.mark.parametrize(
    "stream",
    [
        FailingStream(BrokenPipeError()),
        FailingStream(ValueError("I/O operation on closed file.")),
        FailingStream(RuntimeError("reentrant call")),
        None,
    ],
)
def test_write_errors_are_ignored(stream):
    unfailing = ErrorTolerantStream(stream)
    assert unfailing.write("text") == 4
    print("text", file=unfailing, flush=True)


def test_other_attributes_are_delegated():
    assert ErrorTolerantStream(FailingStream(OSError())).name == "broken"
    with pytest.raises(AttributeError):
        _ = ErrorTolerantStream(None).name


# A tool that opens a file, in which nothing is to be found that libraries say on stderr.
TOOL = """
import contextlib, os, sys, warnings
from tqdm import tqdm

def main():
    with open("out", "w") as file:
        for _ in tqdm(range(3), mininterval=0, miniters=1):
            print("said", file=sys.stderr, flush=True)
            with contextlib.suppress(OSError):
                os.write(2, b"said by a library")
        warnings.warn("warned")
        file.write("done")
"""


# How a shell has a command begin.
STREAMS = {
    "closed": 'exec "$@" 2>&-',
    "all closed": 'exec "$@" <&- >&- 2>&-',
    "full": 'exec "$@" 2>/dev/full',
    "gone": 'exec 2> >(exec <&-); sleep 0.2; exec "$@"',
}


def status(arguments, folder, streams):
    """Runs a command with streams as one of `STREAMS` has them, and returns its status."""
    return subprocess.run(
        ["bash", "-c", STREAMS[streams], "bash", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{folder}"},
        check=False,
    ).returncode


@pytest.mark.parametrize("streams", STREAMS)
def test_tool_with_closed_streams(tmp_path, streams):
    (tmp_path / "silent.py").write_text(TOOL)
    code = "from rwkeras.commands.launch import launch; launch('silent')"
    assert status([sys.executable, "-c", code], tmp_path, streams) == 0
    assert (tmp_path / "out").read_text() == "done"


@pytest.mark.slow
@pytest.mark.parametrize("streams", ["closed", "gone"])
def test_picture_is_written_with_closed_streams(photo, tmp_path, streams):
    tool = [sys.executable, ROOT / "tools" / "invert.py"]
    given = [f"--image={photo}", "--layer=conv1_2", "--output=out.png", *TOY]
    assert status([*tool, *given], tmp_path, streams) == 0
    assert rwkeras.read_image(tmp_path / "out.png").shape == (32, 24, 3)
