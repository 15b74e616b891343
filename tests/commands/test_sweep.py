import csv
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.commands.conftest import check_refused
from tests.tools import ROOT

SMALL = ["--networks=toy_vgg", "--image_size=32", "--max_iterations=3", "--workers=1"]


def rows(folder):
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def written(folder):
    return {path: path.stat().st_mtime_ns for path in folder.glob("jobs/*/result.json")}


@pytest.mark.slow
def test_a_sweep_is_interrupted_and_goes_on(run, photo, tmp_path):
    layers = "--layers=conv1_1,conv2_1,conv9_9,conv3_1"
    arguments = [f"--images={photo}", layers, "--seeds=0,1", "--output_dir=out", *SMALL]
    process = subprocess.Popen(
        [sys.executable, ROOT / "tools" / "sweep.py", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Shells have what they start in the background ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    end = time.monotonic() + 120
    while not written(tmp_path / "out"):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.05)
    # Ctrl-C reaches the processes that it has started, too.
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT, errors
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    before = written(tmp_path / "out")
    states = [row["state"] for row in rows(tmp_path / "out")]
    assert states.count("done") == len(before)
    assert states.count("waiting") >= 1

    again = run("sweep", *arguments)
    assert before.items() < written(tmp_path / "out").items()
    # Of two that failed for one reason, one is told; the others are done.
    assert again.stderr.count("a job failed: Invalid value for argument `layer`.") == 1
    check_refused(again, "2 of 8 jobs failed; see out/results.csv for the reasons")
    found = rows(tmp_path / "out")
    assert [(row["layer"], row["seed"], row["network.seed"]) for row in found] == [
        (layer, seed, seed)
        for seed in ("0", "1")
        for layer in ("conv1_1", "conv2_1", "conv9_9", "conv3_1")
    ]
    for row in found:
        assert row["network"] == "toy_vgg"
        assert row["image"] == "images/photo.png"
        if row["layer"] == "conv9_9":
            assert row["state"] == "failed"
            assert "conv3_2" in row["reason"]
        else:
            assert (row["state"], row["iterations"]) == ("done", "3")
            assert float(row["psnr_db"]) > 5


def test_nonsense_is_refused(run, photo, tmp_path):
    given = [f"--images={photo}", "--output_dir=out", *SMALL]
    check_refused(run("sweep", *given, "--seeds=0,x"), "`seeds`", "integers", "seeds=0, x")
    check_refused(run("sweep", *given, "--networks=vgg91"), "did you mean 'vgg19'?")
    # Beam's options reach Beam.
    options = ["--runner=beam", "--beam_options=--runner=NoRunner"]
    check_refused(run("sweep", *given, *options), "Unexpected pipeline runner: NoRunner")
