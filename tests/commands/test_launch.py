"""How a tool starts and ends."""

import os
import signal
import subprocess
import sys

import pytest

from tests.tools import ROOT

# A tool that is sent a signal, and leaves something behind in order.
TOOL = """
import os, pathlib, time

def main():
    try:
        os.kill(os.getpid(), {number})
        time.sleep(30)
    finally:
        pathlib.Path("so far").touch()
"""
LAUNCH = "from rwkeras.commands.launch import launch; launch('tool')"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_tool_in_order(tmp_path, number):
    (tmp_path / "tool.py").write_text(TOOL.format(number=int(number)))
    process = subprocess.run(
        [sys.executable, "-c", LAUNCH],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        # Whoever runs the tests may ignore them.
        preexec_fn=lambda: [
            signal.signal(signal.SIGHUP, signal.SIG_DFL),
            signal.signal(signal.SIGINT, signal.default_int_handler),
        ],
    )
    assert process.returncode == 128 + number
    assert process.stderr == "interrupted\n"
    assert (tmp_path / "so far").exists()


def test_what_ignores_hangups_does_not_hear_of_them(tmp_path):
    text = TOOL.format(number=int(signal.SIGHUP)).replace("time.sleep(30)", "pass")
    (tmp_path / "tool.py").write_text(text)
    process = subprocess.run(
        [sys.executable, "-c", LAUNCH],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    assert process.returncode == 0
