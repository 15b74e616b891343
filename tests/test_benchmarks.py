"""The benchmarks run, on a small picture and for a few iterations."""

import csv
import os
import subprocess
import sys
from pathlib import Path

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
