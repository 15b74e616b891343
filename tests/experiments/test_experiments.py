"""Every experiment in its quick version, end to end."""

import csv
import dataclasses
from pathlib import Path

import pytest

from rwkeras.experiments.page import write_page
from rwkeras.experiments.registry import EXPERIMENTS
from rwkeras.experiments.settings import QUICK
from rwkeras.experiments.study import Study
from rwkeras.images.reading import read_image
from tests.experiments.conftest import here

pytestmark = pytest.mark.eager

# They train a decoder for each of many variants, which takes seconds however few steps there are.
MANY_TRAININGS = ("decoder_distributions", "feature_maps")


class ShortTraced(Study):
    """A study that keeps few pairs of L-BFGS, each of which is traced for each network."""

    def optimizer(self, **changes):
        return super().optimizer(**{"memory": 4, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder for all: what one experiment has made serves the next."""
    return tmp_path_factory.mktemp("experiments")


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_quick(folder, name):
    samples = 1 if name in MANY_TRAININGS else QUICK.samples
    settings = dataclasses.replace(QUICK, training_steps=3, decoder_steps=2, samples=samples)
    study = ShortTraced(str(folder), settings, runner=here)
    report = EXPERIMENTS[name](study)
    assert not [note for note in study.notes if "failed" in note]
    page = Path(write_page(str(folder / name), report, dataclasses.asdict(settings)))
    text = page.read_text()
    assert report.figures
    for shown in report.figures:
        assert f"src='{shown.name}.png'" in text
        picture = read_image(folder / name / f"{shown.name}.png")
        assert picture.std() > 0.02
        assert (folder / name / f"{shown.name}.pdf").stat().st_size > 1000
    for table, rows in report.tables.items():
        assert rows
        with (folder / name / f"{table}.csv").open(newline="") as file:
            assert len(list(csv.DictReader(file))) == len(rows)
    names = {shown.name for shown in report.figures}
    for claim in report.claims:
        assert claim.verdict in ("supported", "refuted", "undecided")
        assert claim.figure in names
        assert claim.text in text.replace("&#x27;", "'")
    assert (len(report.claims) > 0) == (name not in ("distances", "morph", "architectures"))
