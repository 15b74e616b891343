import os
import subprocess
import sys

import pytest

from rwkeras.startup_log import is_noise
from tests.tools import ROOT

HEADER = b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
NONE = b"I0000 00:00:1 2 cudart_stub.cc:31] Could not find cuda drivers on your machine.\n"
CUDA = b"E0000 00:00:1 2 cuda_platform.cc:51] failed call to cuInit: CUDA error: UNKNOWN (303)\n"
TWICE = b"E0000 00:00:1 2 cuda_fft.cc:467] Unable to register cuFFT factory: Attempting to regi\n"
FULL = b"E0000 00:00:1 2 file_system.cc:10] No space left on device\n"
FATAL = b"F0000 00:00:1 2 cpu_feature_guard.cc:9] AVX instructions aren't available\n"
OTHER = b"error: something\n"

SCRIPT = """
import os
from rwkeras.startup_log import quiet_start
with quiet_start():
    os.write(2, {lines!r})
    {more}
os.write(2, b"behind\\n")
"""


def stderr_of_import(more="", environment=None):
    code = SCRIPT.format(lines=HEADER + NONE + FULL + OTHER, more=more)
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    return process.stderr


@pytest.mark.parametrize("has_gpu", [False, True])
def test_what_is_noise(has_gpu):
    assert all(is_noise(line, has_gpu) for line in (HEADER, NONE, TWICE))
    assert not any(is_noise(line, has_gpu) for line in (FULL, FATAL, OTHER))
    assert is_noise(CUDA, has_gpu) == (not has_gpu)


def test_the_rest_is_seen():
    assert stderr_of_import() == FULL + OTHER + b"behind\n"


def test_the_rest_is_seen_even_if_the_process_dies():
    assert stderr_of_import("os.abort()") == FULL + OTHER


def test_who_asks_for_logs_sees_them():
    everything = HEADER + NONE + FULL + OTHER + b"behind\n"
    assert stderr_of_import(environment={"TF_CPP_MIN_LOG_LEVEL": "0"}) == everything


def test_an_import_that_fails_is_said():
    stderr = stderr_of_import("raise ValueError('no Keras')").decode()
    assert stderr.endswith("ValueError: no Keras\n")
