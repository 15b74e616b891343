"""Recipes run by served models; local runs are in `test_job_runner.py`."""

import dataclasses

import numpy as np
import pytest

import rwkeras
from rwkeras.images.comments import read_comment
from rwkeras.images.reading import fit_longer_side
from rwkeras.studio.interface import WorkItem
from rwkeras.studio.job_runner import run_job
from rwkeras.studio.recipes import Recipe, parse_recipe
from rwkeras.studio.remaining_time import Segment
from rwkeras.studio.tasks import read_sources, run_segments, run_served
from tests.conftest import waves
from tests.serving.client.models import SERVERS
from tests.serving.wire import Model, rest_server, signature_def
from tests.studio.support import DIGESTS

RECIPE = Recipe("style", DIGESTS[:2], 32, iterations=7)
_FILES = {"content_bytes": ("string", [None]), "style_bytes": ("string", [None])}
_OPTIONS = {"content_weight": ("float32", []), "max_iterations": ("int32", [])}
_DEFAULTS = {"content_weight": np.float32(0.5), "max_iterations": np.int32(100)}


class RecordingModel:
    """A model that returns the content and records its requests."""

    def __init__(self):
        self.requests = []

    def __call__(self, name, inputs):
        self.requests.append({**_DEFAULTS, **inputs})
        return {"image_bytes": inputs["content_bytes"]}

    def model(self, defaults=_DEFAULTS):
        options = {name: _OPTIONS[name] for name in defaults}
        outputs = {"image_bytes": ("string", [None]), "loss": ("float32", [None])}
        signatures = {"serving_default": signature_def({**_FILES, **options}, outputs, defaults)}

        def predict(name, inputs):
            return {**self(name, inputs), "loss": np.zeros([1], np.float32)}

        return Model(predict, signatures)


@pytest.fixture
def paths(tmp_path):
    files = {digest: tmp_path / f"{digest[:3]}.png" for digest in DIGESTS[:2]}
    for n, path in enumerate(files.values()):
        rwkeras.write_image(path, waves(40, 48)[:: 1 - 2 * n])
    return files


@pytest.mark.parametrize("wire", SERVERS)
def test_a_request_to_a_served_model_has_the_recipes_settings(paths, tmp_path, wire):
    recipe = dataclasses.replace(RECIPE, balance=2.0, style_scale=0.5)
    recorder, folder = RecordingModel(), tmp_path / "job"
    folder.mkdir()
    with SERVERS[wire](recorder.model()) as address:
        result = run_job(WorkItem(recipe, paths, folder, address), lambda progress: False)
    (inputs,) = recorder.requests
    assert inputs["content_weight"] == 2.0
    assert inputs["max_iterations"] == 7
    assert decode(inputs["content_bytes"][0], tmp_path).shape == (27, 32, 3)
    assert decode(inputs["style_bytes"][0], tmp_path).shape == (14, 16, 3)
    assert result.recipe == dataclasses.replace(recipe, served="multiscale_style:1")
    picture = folder / "picture.png"
    assert parse_recipe(read_comment(picture)) == result.recipe
    content = fit_longer_side(rwkeras.read_image(paths[DIGESTS[0]]), 32)
    np.testing.assert_allclose(rwkeras.read_image(picture), content, atol=1 / 255)


@pytest.mark.parametrize(
    ("kind", "name", "source"),
    [
        ("texture", "multiscale_texture", "texture_bytes"),
        ("recover", "ranvgg_invert", "source_bytes"),
    ],
)
def test_requests_for_textures_and_inversions_have_the_seed(paths, tmp_path, kind, name, source):
    requests = []

    def predict(_, inputs):
        requests.append(inputs)
        return {"image_bytes": inputs[source], "loss": np.zeros([1], np.float32)}

    defaults = {"noise_seed": np.int64(0), "max_iterations": np.int32(100)}
    options = {"noise_seed": ("int64", []), "max_iterations": ("int32", [])}
    signature_inputs = {source: ("string", [None]), **options}
    outputs = {"image_bytes": ("string", [None]), "loss": ("float32", [None])}
    signatures = {"serving_default": signature_def(signature_inputs, outputs, defaults)}
    recipe = Recipe(kind, DIGESTS[:1], 32, seed=9, iterations=7)
    with rest_server(Model(predict, signatures, name=name)) as address:
        served = run_served(recipe, read_sources(recipe, paths), address)
    assert (requests[0]["noise_seed"], requests[0]["max_iterations"]) == (9, 7)
    assert decode(requests[0][source][0], tmp_path).shape == (27, 32, 3)
    assert served.model == f"{name}:1"
    assert served.image.shape == (27, 32, 3)


def test_run_segments(paths):
    recipe = dataclasses.replace(RECIPE, size=128, iterations=60, draws=1)
    sources = read_sources(recipe, paths)
    assert run_segments(recipe, sources) == [Segment(60, 0.5), Segment(60, 1.0)]
    continued = dataclasses.replace(recipe, start=DIGESTS[0], draws=2)
    assert run_segments(continued, sources) == [Segment(30, 1.0), Segment(30, 1.0)]


def decode(content, folder):
    (folder / "sent.png").write_bytes(content)
    return rwkeras.read_image(folder / "sent.png")


def error_of(recipe, paths, model):
    with rest_server(model) as address, pytest.raises(ValueError) as error:
        run_served(recipe, read_sources(recipe, paths), address)
    return str(error.value).removeprefix("Invalid value for argument ")


def test_settings_that_a_served_model_does_not_support(paths):
    seeded = dataclasses.replace(RECIPE, seed=3)
    assert error_of(seeded, paths, RecordingModel().model()) == (
        "`seed`. Expected 0 with multiscale_style, which starts from the photograph. Received: "
        "seed=3"
    )
    weighted = dataclasses.replace(RECIPE, balance=1.0)
    fewer_defaults = {"max_iterations": _DEFAULTS["max_iterations"]}
    assert error_of(weighted, paths, RecordingModel().model(fewer_defaults)) == (
        "`balance`. Expected 0 with multiscale_style, which has no content weight. Received: "
        "balance=1.0"
    )
