"""A few of the cases that `make fuzz` draws by the thousand; see `tests/fuzz/__main__.py`."""

import os
import subprocess
import sys

import pytest

from tests.tools import ROOT


@pytest.mark.parametrize("cases", [4, pytest.param(150, marks=pytest.mark.slow)])
def test_a_right_picture_or_one_line_of_an_error(cases):
    process = subprocess.run(
        [sys.executable, "-m", "tests.fuzz"],
        cwd=ROOT,
        env={**os.environ, "FUZZ_CASES": str(cases)},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stdout + process.stderr
