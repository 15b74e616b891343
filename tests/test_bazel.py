import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "bazel" / "build_files.py"


@pytest.mark.skipif(not SCRIPT.exists(), reason="Bazel itself runs the tests")
def test_libraries_are_declared_as_they_import():
    for path, text in runpy.run_path(SCRIPT)["build_files"]().items():
        assert path.read_text() == text, f"run {SCRIPT.name}"
