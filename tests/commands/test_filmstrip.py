import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import rwkeras
from tests.tools import ROOT


@pytest.mark.slow
def test_an_interrupted_run_has_its_filmstrip(photo, tmp_path):
    command = [
        sys.executable, ROOT / "tools" / "invert.py", f"--image={photo}", "--layer=conv1_2",
        "--output=out.png", "--report=report.json", "--network=toy_vgg", "--max_iterations=1000000",
        "--image_size=128", "--save_every=20", "--filmstrip=strip.png",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "out-00020.png").exists():
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert json.loads((tmp_path / "report.json").read_text())["iterations"] >= 20
    strip = rwkeras.read_image(tmp_path / "strip.png")
    # 0, 5, 10, 15 and the end at least, each 128 x 96 pixels.
    assert strip.shape[0] == 8 + 14 + 128 + 8
    columns, left = divmod(strip.shape[1] - 8, 96 + 8)
    assert (columns in range(5, 8), left) == (True, 0)
    last = strip[22 : 22 + 128, 8 + (columns - 1) * 104 :][:, :96]
    np.testing.assert_array_equal(last, rwkeras.read_image(tmp_path / "out.png"))
