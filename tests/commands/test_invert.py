import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import rwkeras
from rwkeras.images.writing import to_uint8
from tests.commands.conftest import SMALL, TOY, check_refused
from tests.conftest import waves
from tests.tools import ROOT


@pytest.mark.slow
def test_picture_report_previews_and_tensorboard(start, photo, tmp_path):
    process = start(
        "invert", f"--image={photo}", "--layer=conv1_2", "--output=out.png", *SMALL,
        "--save_every=2", "--report=report.json", "--logdir=logs", "--seed=5",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "loss=" in process.stderr
    assert "6/6" in process.stderr
    files = {path.name for path in tmp_path.iterdir()}
    previews = {f"out-{n:05d}.png" for n in (2, 4, 6)}
    assert files == {"photo.png", "out.png", "report.json", "logs", *previews}
    assert any(name.startswith("events") for name in os.listdir(tmp_path / "logs"))
    image = rwkeras.read_image(tmp_path / "out.png")
    np.testing.assert_array_equal(rwkeras.read_image(tmp_path / "out-00006.png"), image)

    report = json.loads((tmp_path / "report.json").read_text())
    assert report["iterations"] == 6
    assert report["evaluations"] >= 7
    assert report["loss"] < report["initial_loss"]
    np.testing.assert_allclose(report["relative_loss"], report["loss"] / report["initial_loss"])
    assert list(report["losses"]) == ["content/conv1_2"]
    assert (report["failed"], report["stopped"]) == (False, False)
    assert isinstance(report["converged"], bool)
    assert report["seconds"] > 0
    expected = rwkeras.psnr(image, rwkeras.read_image(photo))[0]
    np.testing.assert_allclose(report["psnr_db"], expected, atol=0.1)
    assert 0 < report["ssim"] <= 1
    settings = rwkeras.InversionSettings(**report["settings"])
    assert settings == rwkeras.InversionSettings("conv1_2", seed=5)
    optimizer = rwkeras.OptimizerSettings(**report["optimizer"])
    assert (optimizer.max_iterations, optimizer.parametrization) == (6, "adaptive")
    assert report["flags"]["seed"] == 5
    assert report["flags"]["layer"] == "conv1_2"
    assert {"image", "output", "network", "pooling", "initializer", "weighting"} <= set(
        report["flags"]
    )
    assert {"python", "tensorflow", "keras", "rwkeras", "numpy"} <= set(report["versions"])


@pytest.mark.slow
def test_same_seed_same_bytes_and_network_from_a_file(run, photo, tmp_path):
    model = rwkeras.toy_vgg(seed=0)
    rwkeras.calibrate(rwkeras.feature_extractor(model, ["conv2_1"]), rwkeras.read_image(photo))
    model.save(tmp_path / "toy.keras")
    arguments = [f"--image={photo}", "--layer=conv2_1", *TOY]
    for output, network in (("a", "toy_vgg"), ("b", "toy_vgg"), ("c", "toy.keras")):
        process = run("invert", *arguments, f"--output={output}.png", f"--network={network}")
        assert process.returncode == 0, process.stderr
    first = (tmp_path / "a.png").read_bytes()
    assert (tmp_path / "b.png").read_bytes() == first
    assert (tmp_path / "c.png").read_bytes() == first


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGHUP, marks=pytest.mark.slow)]
)
def test_a_signal_writes_the_best_image_and_the_report(photo, tmp_path, number):
    command = [
        sys.executable, ROOT / "tools" / "invert.py", f"--image={photo}", "--layer=conv1_2",
        "--output=out.png", "--report=report.json", "--network=toy_vgg", "--max_iterations=1000000",
        "--save_every=5",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        # What `nohup` began ignores it, and so do those that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    while not (tmp_path / "out-00005.png").exists():
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + number, errors
    assert "Traceback" not in errors
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["stopped"]
    assert report["iterations"] >= 5
    assert report["loss"] < report["initial_loss"]
    assert rwkeras.read_image(tmp_path / "out.png").shape == (256, 192, 3)


@pytest.mark.slow
def test_loss_that_is_not_finite(run, photo, tmp_path):
    model = rwkeras.toy_vgg(seed=0)
    kernel = model.get_layer("conv1_1").kernel
    kernel.assign(np.full(kernel.shape, 1e30, np.float32))
    model.save(tmp_path / "huge.keras")
    process = run(
        "invert", f"--image={photo}", "--layer=conv1_1", "--output=out.png", *SMALL,
        "--network=huge.keras", "--weighting=none", "--report=report.json",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "warning: the loss is not finite; this is the best image so far" in process.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["failed"]
    assert report["loss"] is None
    assert (tmp_path / "out.png").exists()


BAD = {
    "missing": (["--image=missing.png"], "`image`. Expected the path of", "missing.png"),
    "text": (["--image=text.png"], "a picture in a format that Pillow supports", "text.png"),
    "layer": (["--layer=conv7"], "a layer of 'toy_vgg': preprocess, conv1_1", "layer=conv7"),
    "network": (["--network=vgg17"], "(did you mean 'vgg19'?)", "network=vgg17"),
    "small": (["--image_size=6", "--layer=pool3"], "large enough for the", "resampled to 4 x 6"),
    "one pixel": (["--image_size=1"], "sides of at least 2 pixels", "resampled to 1 x 1"),
    "top": (["--layer=fc6"], "Expected an image of shape (32, 32, 3)", "24 x 32 pixels"),
    "iterations": (["--max_iterations=-1"], "an integer of at least 0", "max_iterations=-1"),
    "previews": (["--save_every=-2"], "an integer of at least 0", "save_every=-2"),
    "folder": (["--output=no/out.png"], "a file in an existing folder", "no/out.png"),
    "ending": (["--output=out.xyz"], "a file name that ends in .png", "out.xyz"),
    "report": (["--report=no/report.json"], "a file in an existing folder", "no/report.json"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input(run, photo, tmp_path, case):
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "out.png").write_text("precious")
    arguments, *expected = BAD[case]
    process = run("invert", f"--image={photo}", "--output=out.png", *TOY, *arguments)
    check_refused(process, *expected)
    assert (tmp_path / "out.png").read_text() == "precious"
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png", "text.png", "out.png"}


def test_another_keras_backend(start, photo):
    environment = {"KERAS_BACKEND": "jax"}
    process = start("invert", f"--image={photo}", "--output=out.png", *TOY, environment=environment)
    check_refused(process, "Invalid Keras backend. Expected 'tensorflow'", "backend='jax'")


def test_usage_errors(run):
    process = run("invert", "--output=out.png")
    assert process.returncode != 0
    assert "--image" in process.stdout + process.stderr
    process = run("invert", "--image=a.png", "--output=out.png", "stray")
    assert process.returncode != 0
    assert "Unexpected arguments: stray" in process.stdout + process.stderr


def test_help_lists_the_flags(run):
    process = run("invert", "--help")
    assert "Recovers a picture from its activations" in process.stdout
    for flag in ("--image", "--layer", "--output", "--max_iterations", "--report"):
        assert f"{flag}:" in process.stdout


def test_alpha_that_is_lost_is_said(run, tmp_path):
    from PIL import Image

    image = Image.fromarray(to_uint8(waves(24, 24))).convert("RGBA")
    image.putalpha(100)
    image.save(tmp_path / "alpha.png")
    process = run("invert", "--image=alpha.png", "--layer=conv1_1", "--output=out.jpg", *TOY)
    assert process.returncode == 0, process.stderr
    assert "warning: `image` has an alpha channel: it is composited over white." in process.stderr


@pytest.mark.slow
def test_terminated_run_resumes_from_checkpoint(photo, tmp_path):
    def command(output, *more):
        return [
            sys.executable, ROOT / "tools" / "invert.py", f"--image={photo}", "--layer=conv2_2",
            f"--output={output}.png", f"--report={output}.json", "--network=toy_vgg",
            "--max_iterations=150", *more,
        ]  # fmt: skip

    options = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(ROOT)}, "text": True}
    subprocess.run(command("whole"), check=True, capture_output=True, **options)
    resumable = command("part", "--checkpoint_dir=state", "--save_every=5")
    process = subprocess.Popen(resumable, stderr=subprocess.PIPE, **options)
    while not (tmp_path / "part-00005.png").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 143, errors
    assert 5 <= json.loads((tmp_path / "part.json").read_text())["iterations"] < 150
    subprocess.run(resumable, check=True, capture_output=True, **options)
    assert (tmp_path / "part.png").read_bytes() == (tmp_path / "whole.png").read_bytes()
    other = subprocess.run([*resumable, "--seed=1"], capture_output=True, check=False, **options)
    assert other.returncode == 1
    assert "where start was" in other.stderr.splitlines()[-1]
