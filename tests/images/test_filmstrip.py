import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import rwkeras
from rwkeras.images.filmstrip import Filmstrip, spaced, thumbnail
from tests.conftest import waves
from tests.tools import ROOT


@pytest.mark.parametrize(
    ("iterations", "expected"),
    [
        ([0], [0]),
        ([0, 5, 6], [0, 5, 6]),
        (range(0, 35, 5), [0, 5, 10, 15, 20, 25, 30]),
        ([0, 5, 10, 15, 25, 40, 60, 85, 100], [0, 5, 10, 15, 25, 60, 100]),
        ([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024], [0, 1, 4, 16, 64, 256, 1024]),
        (range(100, 1200, 100), [100, 200, 300, 400, 600, 800, 1100]),
    ],
)
def test_spaced(iterations, expected):
    assert spaced(iterations, 7) == expected


def seen(iterations, strip=None):
    """Returns a filmstrip of pictures as light as their iteration, and at which it looked."""
    strip = Filmstrip() if strip is None else strip
    looked = []
    for iteration in iterations:

        def image(iteration=iteration):
            looked.append(iteration)
            return np.full((6, 8, 3), iteration / 255, np.float32)

        strip.see(iteration, image)
    return strip, looked


def test_few_stages_are_looked_at_and_each_is_shown_as_it_was():
    strip, looked = seen(range(0, 205, 5))
    assert looked == [0, 5, 10, 15, 25, 40, 60, 85, 125, 180]
    stages = strip.end(np.ones((6, 8, 3), np.float32))
    names = [f"iteration {n}" for n in (0, 5, 10, 25, 40, 85, 200)]
    assert [label for label, _ in stages] == names
    assert [int(image[0, 0, 0]) for _, image in stages] == [0, 5, 10, 25, 40, 85, 255]


def test_the_end_takes_the_place_of_the_stage_that_was_last_seen():
    strip, _ = seen([0, 5, 6], Filmstrip("seed 3, "))
    stages = strip.end(np.ones((6, 8, 3), np.float32))
    assert [label for label, _ in stages] == [f"seed 3, iteration {n}" for n in (0, 5, 6)]
    assert np.all(stages[-1][1] == 255)


def test_a_run_without_iterations():
    strip, _ = seen([0])
    assert [label for label, _ in strip.end(waves(6, 8))] == ["iteration 0"]


def test_stages_of_other_sizes_are_shown_at_the_size_of_the_end():
    strip = Filmstrip()
    strip.see(0, lambda: waves(4, 5))
    strip.see(3, lambda: waves(900, 1200))
    stages = strip.end(waves(900, 1200))
    assert [image.shape for _, image in stages] == [(384, 512, 3)] * 2
    np.testing.assert_array_equal(stages[1][1], thumbnail(waves(900, 1200)))


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
