"""Tools as a person runs them: as processes, on files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import rwkeras
from tests.conftest import waves

ROOT = Path(__file__).parents[2]
TOY = ["--network=toy_vgg", "--image_size=32", "--max_iterations=6"]


@pytest.fixture
def photo(tmp_path):
    rwkeras.write_image(tmp_path / "photo.png", waves(32, 24))
    return tmp_path / "photo.png"


@pytest.fixture
def run(tmp_path):
    """Returns a function that runs a tool in an empty folder and returns the ended process."""

    def run_tool(tool, *arguments, environment=None):
        return subprocess.run(
            [sys.executable, ROOT / "tools" / f"{tool}.py", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run_tool


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
