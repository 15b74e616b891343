"""The benchmarks run, on a small picture and for a few iterations."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rwkeras

ROOT = Path(__file__).parents[1]


def run(name, folder, *arguments):
    subprocess.run(
        [sys.executable, ROOT / "benchmarks" / f"{name}.py", f"--output_dir={folder}", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )


def test_inversion_by_layer_resumes(tmp_path):
    small = ["--image_size=32", "--max_iterations=3"]
    run("inversion_by_layer", tmp_path, *small, "--layers=conv1_1")
    first = (tmp_path / "conv1_1.png").stat().st_mtime_ns
    run("inversion_by_layer", tmp_path, *small, "--layers=pool1,conv1_1")
    assert (tmp_path / "conv1_1.png").stat().st_mtime_ns == first
    with (tmp_path / "table.csv").open() as file:
        rows = {row["layer"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["pool1", "conv1_1"]
    assert float(rows["conv1_1"]["psnr_db"]) > 15
    assert len((tmp_path / "table.md").read_text().splitlines()) == 4
    assert rwkeras.read_image(tmp_path / "inversion_by_layer.jpg").shape[2] == 3


def test_inversion_by_layer_keeps_what_is_not_asked_for_again(tmp_path):
    small = ["--image_size=32", "--max_iterations=2"]
    run("inversion_by_layer", tmp_path, *small, "--layers=conv1_1,pool1")
    table = (tmp_path / "table.csv").read_text()
    run("inversion_by_layer", tmp_path, *small, "--layers=conv1_1")
    assert (tmp_path / "table.csv").read_text() == table


def run_module(name, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )


def test_time_to_image(tmp_path):
    pytest.importorskip("torch", reason="PyTorch comes with the extra `bench`")
    cases = "--cases=invert_small,texture_small"
    run_module("time_to_image", f"--output_dir={tmp_path}", cases, "--repeats=1", "--limit=60")
    results = json.loads((tmp_path / "time_to_image.json").read_text())
    assert results["machine"]["versions"]["tensorflow"]
    for case in results["cases"].values():
        assert case["alike"]["gradient"] < 1e-3
        assert len(case["turns"]) == 7
        assert case["turns"]["SciPy"][0]["reached"]
    rows = (tmp_path / "time_to_image.md").read_text().splitlines()
    assert len(rows) == 2 + 2 * 7
    assert "| invert_small | 20 dB | ours | 1.0 |" in rows[2]


def test_growth(tmp_path):
    run_module("growth", "--sizes=32,64", "--evaluations=2", f"--output_dir={tmp_path}")
    result = json.loads((tmp_path / "growth.json").read_text())
    assert [row["size"] for row in result["rows"]] == [32, 64]
    assert all(row["seconds"] > 0 and row["peak_gib"] > 0 for row in result["rows"])
    assert {"seconds", "peak_gib"} < set(result)


@pytest.mark.slow
def test_throughput(tmp_path):
    small = ["--network=toy_vgg", "--layer=conv1_1", "--image_size=32", "--max_iterations=2"]
    counts = ["--batches=1,2", "--processes=1,2", "--repeats=2"]
    run_module("throughput", f"--output_dir={tmp_path}", *small, *counts)
    result = json.loads((tmp_path / "throughput.json").read_text())
    assert [(row["processes"], row["batch"]) for row in result["rows"]] == [
        (1, 1),
        (1, 2),
        (1, 1),
        (2, 1),
    ]
    assert [row["threads"] for row in result["rows"][2:]] == [1, 1]
    assert all(len(row["rates"]) == 2 and min(row["rates"]) > 0 for row in result["rows"])
    assert result["flags"]["layer"] == "conv1_1"
    lines = (tmp_path / "throughput.md").read_text().splitlines()
    assert len(lines) == 2 + 4
    assert lines[2].endswith("| 1.00 |")
