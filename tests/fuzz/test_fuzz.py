"""A few of the cases that `make fuzz` draws by the thousand; see `tests/fuzz/__main__.py`."""

import subprocess
import sys

from tests.tools import ROOT


def test_a_right_picture_or_one_line_of_an_error():
    process = subprocess.run(
        [sys.executable, "-m", "tests.fuzz"], cwd=ROOT, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stdout + process.stderr
