"""Tools and readers run in this process on what was drawn, and what may not come of it."""

import contextlib
import hashlib
import os
import re
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from rwkeras.images.reading import Picture, read_picture
from tests.fuzz.commands import draw_line
from tests.fuzz.files import Drawn, Random, any_file, no_file, put
from tests.tools import Ended, run_here, working_directory

# What takes longer hangs: of the processor's time, and of a clock where the machine is busy.
_SECONDS, _CLOCK = 90, 1200
_ERROR = re.compile(r"error: [^\n]+\n?")


class Hung(BaseException):
    """Nothing came of a case; not an `Exception`, which would be said in a line."""


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Raises `Hung` in a block that does not end."""

    def ring(number, frame):
        raise Hung(signal.Signals(number).name)

    timers = {signal.SIGPROF: signal.ITIMER_PROF, signal.SIGALRM: signal.ITIMER_REAL}
    before = {number: signal.signal(number, ring) for number in timers}
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    signal.setitimer(signal.ITIMER_REAL, _CLOCK)
    try:
        yield
    finally:
        for number, timer in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])


def digests(folder: Path) -> dict[str, str]:
    """Returns the digests of the regular files below a folder, by path."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check_read(random: Random, folder: Path) -> str:
    """Reads a file that is drawn; returns what it is.

    Raises:
        AssertionError: What came of it is neither a right picture nor one line of an error.
    """
    if random.random() < 0.05:
        drawn, path = Drawn("no file", b"", ""), no_file(random, folder)
    else:
        drawn = any_file(random)
        path = put(random, folder, drawn)
    before = digests(folder)
    with bounded(), warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        picture, message = _read(path)
    if message is not None:
        assert message.startswith("Invalid value for argument `content`. Expected "), message
        assert os.fspath(path) in message or "pixels" in message, message
    assert drawn.expected is None or picture is not None, f"{drawn.kind} was refused"
    if picture is not None:
        _check_picture(picture, drawn)
    assert digests(folder) == before
    return drawn.kind


def _read(path: Path) -> tuple[Picture | None, str | None]:
    """Returns a file's picture, or why there is none."""
    try:
        return read_picture(path, "content"), None
    except ValueError as error:
        return None, str(error)


def _check_picture(picture: Picture, drawn: Drawn) -> None:
    image = picture.image
    assert image.dtype == np.float32
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.min() >= 0
    assert image.max() <= 1
    assert picture.alpha is None or picture.alpha.shape == image.shape[:2]
    if drawn.expected is not None:
        assert image.shape == drawn.expected.shape
        assert np.abs(image - drawn.expected).mean() <= drawn.tolerance


def check_line(tool: str, random: Random, folder: Path) -> str:
    """Runs a tool on a command line that is drawn; returns what came of it.

    Raises:
        AssertionError: That is neither a right picture nor one line of an error.
    """
    arguments = draw_line(random, folder, tool)
    before = digests(folder)
    with bounded(), working_directory(folder):
        ended = run_here(tool, arguments)
    try:
        _check_outcome(ended, before, digests(folder))
    except AssertionError as error:
        raise AssertionError(f"{error}\n{ended}") from error
    return ended.stderr.splitlines()[-1] if ended.returncode else "a picture"


def _check_outcome(ended: Ended, before: dict[str, str], after: dict[str, str]) -> None:
    """Raises `AssertionError` unless a run ended as it may."""
    status, said, errors = ended.returncode, ended.stdout, ended.stderr
    assert "Traceback" not in errors
    for path, digest in before.items():
        assert after.get(path) == digest, f"{path} was changed"
    if status:
        assert len(_ERROR.findall(errors)) == 1
        assert said == ""
        assert after == before, "something was written"
        return
    assert "error: " not in errors
    written = [Path(path) for path in after if path not in before]
    # A report may have any name.
    pictures = [path for path in written if path.read_bytes()[:1] != b"{"]
    assert pictures, "no picture"
    assert not [path for path in written if path.name.startswith(".")], "what is left over"
    for path in pictures:
        with Image.open(path) as image:
            image.load()
            assert image.mode in ("RGB", "RGBA")
