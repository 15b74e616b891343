"""End-to-end tests of every experiment with quick settings."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from rwkeras.experiments.claim_list import CLAIMS
from rwkeras.experiments.page import write_page
from rwkeras.experiments.registry import EXPERIMENTS, run_experiment
from rwkeras.experiments.settings import QUICK
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import read_csv, select_rows
from rwkeras.images.reading import read_image
from tests.experiments.conftest import run_in_process

pytestmark = pytest.mark.eager

# Experiments that train many decoders, each of which takes seconds even with few steps.
MANY_TRAININGS = ("decoder_distributions", "feature_maps")
# Claims that need large networks or weights that may be missing.
LARGE = {
    "architectures-resnet",
    "convergence-stacked",
    "convergence-twin",
    "convergence-twin-pixels",
    "convergence-rotations",
    "textures-conv4_1",
    "textures-conv5_1",
    "textures-twin",
    "untrained_decoders-contours",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder shared by all experiments, which reuse each other's results."""
    return tmp_path_factory.mktemp("experiments")


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_quick(folder, name):
    samples = 1 if name in MANY_TRAININGS else QUICK.samples
    settings = dataclasses.replace(QUICK, training_steps=3, decoder_steps=2, samples=samples)
    study = Study(str(folder), settings, runner=run_in_process)
    report = run_experiment(name, study)
    assert not [note for note in study.notes if "failed" in note]
    given = dataclasses.asdict(settings)
    page = Path(write_page(str(folder / name), name, report, study.notes, given))
    text = page.read_text()
    assert report.figures
    assert len({shown.name for shown in report.figures}) == len(report.figures)
    for shown in report.figures:
        assert f"src='{shown.name}.png'" in text
        assert read_image(folder / name / f"{shown.name}.png").std() > 0.02
        assert (folder / name / f"{shown.name}.pdf").stat().st_size > 1000
    again = read_csv(folder / name / f"{name}.csv")
    assert len(again) == len(report.table) > 0
    assert set(again["experiment"]) == {name}
    pd.testing.assert_series_equal(again["measure"], report.table["measure"], check_dtype=False)
    for claim in (claim for claim in CLAIMS if claim.experiment == name):
        assert claim.sentence in text.replace("&#x27;", "'")
        contrast = claim.contrast
        for side in (contrast.a, contrast.b):
            missing = select_rows(report.table, {**contrast.where, **side}).empty
            given = not {"vgg", "alexnet"} & set(claim.key.split("-"))
            assert not missing or not given or claim.key in LARGE, (claim.key, side)
