import re
import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "bazel" / "build_files.py"


@pytest.mark.skipif(not SCRIPT.exists(), reason="Bazel itself runs the tests")
def test_libraries_are_declared_as_they_import():
    for path, text in runpy.run_path(SCRIPT)["build_files"]().items():
        assert path.read_text() == text, f"run {SCRIPT.name}"


@pytest.mark.skipif(not SCRIPT.exists(), reason="Bazel itself runs the tests")
def test_every_package_that_is_used_is_pinned():
    shim = next(text for path, text in runpy.run_path(SCRIPT)["build_files"]().items()
                if path.parent.name == "pypi")  # fmt: skip
    lock = (SCRIPT.parent / "requirements_lock.txt").read_text()
    pinned = {
        line.split("==")[0].lower().replace("_", "-") for line in lock.splitlines() if "==" in line
    }
    assert set(re.findall(r'^        "(.+)",$', shim, re.MULTILINE)) <= pinned
