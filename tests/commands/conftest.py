"""Tools as a person runs them, on files."""

import pytest

import rwkeras
from tests.conftest import waves
from tests.tools import run_here, run_in_its_own_process

SMALL = ["--network=toy_vgg", "--image_size=32", "--max_iterations=6"]
# Adam is traced in a quarter of the time that L-BFGS takes.
TOY = [*SMALL, "--optimizer=adam"]


@pytest.fixture
def photo(tmp_path):
    rwkeras.write_image(tmp_path / "photo.png", waves(32, 24))
    return tmp_path / "photo.png"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Returns a function that runs a tool in an empty folder and returns the ended process."""
    monkeypatch.chdir(tmp_path)
    return lambda tool, *arguments: run_here(tool, arguments)


@pytest.fixture
def start(tmp_path, monkeypatch):
    """As `run`, in a process of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda tool, *arguments, **options: run_in_its_own_process(tool, arguments, **options)


def check_refused(process, *expected):
    """Checks that a tool ended with one line of error."""
    assert process.returncode == 1
    assert process.stdout == ""
    lines = process.stderr.strip().splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 1, process.stderr
    assert "Traceback" not in process.stderr
    for text in expected:
        assert text in errors[0]
