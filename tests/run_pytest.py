"""Runs pytest with the command-line arguments; the main program of Bazel's tests."""

import os
import sys

import pytest

if __name__ == "__main__":
    # Python puts this folder first, in which `examples` is that of the tests.
    own = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [each for each in sys.path if os.path.realpath(each) != own]
    status = pytest.main(["-p", "no:cacheprovider", "--strict-markers", *sys.argv[1:]])
    # All tests of a file may be slow and deselected.
    sys.exit(0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else status)
