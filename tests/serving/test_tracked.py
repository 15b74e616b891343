"""The model that comes with the repository: that it is what an export makes, and can be asked."""

import dataclasses
import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from skimage import data

import rwkeras
from rwkeras.images.reading import fit_longer_side, from_array
from rwkeras.networks.circular import with_mirrored_padding
from rwkeras.serving.export import export_task
from rwkeras.serving.graph.tasks import ServedStyle
from rwkeras.serving.settings import ServingSettings
from rwkeras.serving.versions import versions
from rwkeras.tasks.presets import STYLE_PRESETS
from tests.conftest import waves
from tests.serving import model_server as servers
from tests.serving.c_api import StatusError
from tests.serving.c_worker import Remote
from tests.serving.pictures import pixels, png, strings
from tests.serving.saved_model import Signatures

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "saved_models"
MODEL = MODELS / "multiscale_style"
TASK = ServedStyle(STYLE_PRESETS["multiscale"])
LATEST = MODEL / str(versions(MODEL)[-1])


@pytest.fixture(scope="module")
def export_info():
    return json.loads((LATEST / "assets.extra" / "export.json").read_text())


@pytest.fixture(scope="module")
def new_export(export_info, tmp_path_factory):
    """The same exported again."""
    model = rwkeras.multiscale()
    rwkeras.standardize(model, fit_longer_side(from_array(data.coffee()), 256))
    folder = tmp_path_factory.mktemp("models") / "multiscale_style"
    settings = ServingSettings(**export_info["serving"])
    return export_task(TASK, with_mirrored_padding(model), folder, settings=settings)


def test_it_is_small(export_info):
    files = [path for path in LATEST.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 10**6
    assert (export_info["network"], export_info["weights"]) == ("multiscale", "stored")
    task = json.loads(json.dumps(dataclasses.asdict(TASK)))
    assert {name: export_info[name] for name in task} == task


@pytest.mark.slow
def test_tracked_model_matches_a_new_export(new_export):
    tracked, today = Signatures(LATEST), Signatures(new_export)
    for name in ("serving_default", "rest", "tensors"):
        assert set(tracked[name].outputs) == set(today[name].outputs)
        assert set(tracked[name].inputs) == set(today[name].inputs)
        for key, one in tracked[name].inputs.items():
            other = today[name].inputs[key]
            assert (one.dtype, one.shape) == (other.dtype, other.shape)
            np.testing.assert_array_equal(one.default, other.default)
    request = {
        "content_bytes": strings(png(waves(100, 130))),
        "style_bytes": strings(png(waves(48, 40)[::-1])),
        "max_iterations": np.int32(5),
    }
    with Remote(LATEST) as one, Remote(new_export) as other:
        answers = [remote.predict("serving_default", request) for remote in (one, other)]
    images = [pixels(answer["image_bytes"][0]) / 255 for answer in answers]
    assert rwkeras.psnr(*(image[np.newaxis].astype(np.float32) for image in images)) > 60
    np.testing.assert_allclose(answers[0]["loss"], answers[1]["loss"], rtol=1e-3)


@pytest.mark.slow
def test_a_deadline_is_obeyed_between_the_layers():
    large = np.random.default_rng(0).random((1, 768, 768, 3)).astype(np.float32)
    small = large[:, :32, :32]
    with Remote(LATEST) as remote:
        # As the server warms up with, for the first run of a signature rewrites the graph.
        quick = {"content": small, "style": small, "max_iterations": np.int32(1)}
        remote.predict("tensors", quick)
        whole = {"content": large, "style": large, "max_evaluations": np.int32(1)}
        started = time.monotonic()
        remote.predict("tensors", whole)
        # What is stopped between evaluations alone ends no sooner than this.
        evaluated = time.monotonic() - started
        deadline, seconds = evaluated / 8, []
        for _ in range(3):  # Another process may take the processor for a while.
            started = time.monotonic()
            with pytest.raises(StatusError) as error:
                remote.predict("tensors", whole, timeout=deadline)
            seconds.append(time.monotonic() - started)
            assert error.value.code == "DEADLINE_EXCEEDED"
        assert deadline <= min(seconds) < evaluated / 2
        assert remote.predict("tensors", quick)["failed"].tolist() == [False]


@pytest.mark.slow
def test_all_sizes_keep_to_what_a_request_may_take_and_ask():
    picture, other = waves(140, 90)[np.newaxis], waves(140, 90)[np.newaxis, ::-1]
    quick = {"style": other, "max_iterations": np.int32(4)}
    with Remote(LATEST) as remote:
        one = remote.predict("tensors", {**quick, "content": picture})
        # 4 at 70 pixels, and as many at 140, where they are not fewer than 60.
        assert one["iterations"].tolist() == [8]
        both = remote.predict("tensors", {**quick, "content": np.concatenate([other, picture])})
        np.testing.assert_array_equal(both["image"][1], one["image"][0])
        bounded = {**quick, "content": picture, "max_evaluations": np.int32(5)}
        assert remote.predict("tensors", bounded)["evaluations"].tolist() == [5]
        for name in ("content", "style"):
            with pytest.raises(StatusError) as error:
                remote.predict("tensors", {**quick, "content": picture, name: other[:, :1]})
            assert error.value.code == "INVALID_ARGUMENT"
            assert (
                f"Invalid value for `{name}`. Expected images with sides of at least 7 pixels. "
                "Received: smaller at indices] [0]"
            ) in str(error.value)
        started = time.monotonic()
        endless = {**quick, "content": picture, "max_iterations": np.int32(1000)}
        with pytest.raises(StatusError) as error:
            remote.predict("tensors", endless, timeout=1)
        assert error.value.code == "DEADLINE_EXCEEDED"
        assert time.monotonic() - started < 5


@pytest.fixture(scope="module")
def addresses():
    """Where it is served: by the real server if there is one, or by what takes its place."""
    with servers.running(MODEL, MODEL.name, stand_in=True) as addresses:
        yield addresses


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    rwkeras.write_image(tmp_path / "photo.jpg", waves(40, 48))
    rwkeras.write_image(tmp_path / "painting.jpg", waves(48, 40))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("wire", ["rest", "rpc"])
def test_the_readme_asks_with_the_tool(addresses, pictures, wire):
    (command,) = re.findall(r"`(rwkeras-query [^`]*)`", (ROOT / "README.md").read_text())
    _, *arguments = shlex.split(command.replace("localhost:8500", getattr(addresses, wire)))
    tool = [sys.executable, ROOT / "tools" / "query.py", "--option=max_iterations=5"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([*tool, *arguments], check=True, timeout=300, env=environment)
    assert rwkeras.read_image(pictures / "painted.png").shape == (40, 48, 3)
