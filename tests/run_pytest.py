"""Runs pytest with the command-line arguments; the main program of Bazel's tests."""

import sys

import pytest

if __name__ == "__main__":
    status = pytest.main(["-p", "no:cacheprovider", "--strict-markers", *sys.argv[1:]])
    # All tests of a file may be slow and deselected.
    sys.exit(0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else status)
