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


def launched(folder, text, **handlers):
    """Runs a tool of a text in a folder, with handlers of signals by name; returns its end."""
    (folder / "tool.py").write_text(text)
    return subprocess.run(
        [sys.executable, "-c", LAUNCH],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        preexec_fn=lambda: [signal.signal(signal.Signals[n], h) for n, h in handlers.items()],
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_tool_in_order(tmp_path, number):
    # Whoever runs the tests may ignore them.
    process = launched(
        tmp_path,
        TOOL.format(number=int(number)),
        SIGHUP=signal.SIG_DFL,
        SIGINT=signal.default_int_handler,
    )
    assert process.returncode == 128 + number
    assert process.stderr == "interrupted\n"
    assert (tmp_path / "so far").exists()


def test_ignored_sighup_stays_ignored(tmp_path):
    text = TOOL.format(number=int(signal.SIGHUP)).replace("time.sleep(30)", "pass")
    assert launched(tmp_path, text, SIGHUP=signal.SIG_IGN).returncode == 0
