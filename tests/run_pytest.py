"""Runs pytest on its arguments: the main program of Bazel's tests."""

import sys

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["-p", "no:cacheprovider", "--strict-markers", *sys.argv[1:]]))
