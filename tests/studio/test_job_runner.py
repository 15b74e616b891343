"""Jobs run by the package's own tasks, at toy sizes."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

import rwkeras
from rwkeras.images.comments import read_comment
from rwkeras.studio.interface import Abandoned, WorkItem
from rwkeras.studio.job_runner import run_job
from rwkeras.studio.recipes import Recipe, parse_recipe
from tests.conftest import waves
from tests.studio.support import DIGESTS

CONTENT, PAINTING, START = DIGESTS
TEXTURE = Recipe("texture", (CONTENT,), 32, iterations=20, draws=2)


@pytest.fixture
def paths(tmp_path):
    files = {digest: tmp_path / f"{digest[:3]}.png" for digest in DIGESTS}
    rwkeras.write_image(files[CONTENT], waves(32, 40))
    rwkeras.write_image(files[PAINTING], waves(40, 40)[::-1] ** 2)
    rwkeras.write_image(files[START], waves(32, 40)[:, ::-1])
    return files


class JobRun:
    """A job that was run, with its result and its files."""

    def __init__(self, recipe, paths, folder, report=lambda progress: False):
        folder.mkdir(exist_ok=True)
        self.reports = []

        def record(progress):
            self.reports.append(progress)
            return report(progress)

        self.folder = folder
        self.result = run_job(WorkItem(recipe, paths, folder), record)
        self.path = folder / "picture.png"
        self.content = self.path.read_bytes()
        self.image = rwkeras.read_image(self.path)


@pytest.mark.slow
def test_the_picture_embeds_its_recipe(paths, tmp_path):
    run = JobRun(TEXTURE, paths, tmp_path / "one")
    assert run.image.shape == (26, 32, 3)
    assert run.result.recipe == TEXTURE
    assert not run.result.stopped
    assert parse_recipe(read_comment(run.path)) == TEXTURE
    assert [progress.iteration for progress in run.reports] == sorted(
        progress.iteration for progress in run.reports
    )
    assert run.reports[-1].iteration == run.reports[-1].iterations == 20
    with Image.open(run.folder / "view.jpg") as preview:
        assert preview.size == (32, 26)
    frames = sorted(path.name for path in run.folder.glob("stage-*.jpg"))
    assert frames[0] == "stage-000000.jpg"
    assert frames[-1] == "stage-000020.jpg"
    assert (run.folder / "strip.jpg").exists()
    repeated = JobRun(TEXTURE, paths, tmp_path / "two")
    assert repeated.content == run.content


def test_a_stopped_run_is_reproducible_to_the_byte(paths, tmp_path):
    stopped = JobRun(TEXTURE, paths, tmp_path / "one", lambda progress: progress.iteration >= 15)
    assert stopped.result.stopped
    assert stopped.result.recipe.stop[0] == 15
    repeated = JobRun(stopped.result.recipe, paths, tmp_path / "two")
    assert not repeated.result.stopped
    assert repeated.content == stopped.content
    assert repeated.reports[-1].iteration == 15
    complete = JobRun(TEXTURE, paths, tmp_path / "three")
    assert complete.content != stopped.content


def test_a_stop_takes_effect_at_the_first_report(paths, tmp_path):
    run = JobRun(TEXTURE, paths, tmp_path / "one", lambda progress: True)
    assert run.result.recipe.stop[0] == 5


def test_an_abandoned_run_resumes_to_the_same_bytes(paths, tmp_path):
    complete = JobRun(TEXTURE, paths, tmp_path / "complete")

    def abandon(progress):
        if progress.iteration >= 15:
            raise Abandoned
        return False

    with pytest.raises(Abandoned):
        JobRun(TEXTURE, paths, tmp_path / "abandoned", abandon)
    assert not (tmp_path / "abandoned" / "picture.png").exists()
    repeated = JobRun(TEXTURE, paths, tmp_path / "abandoned")
    assert repeated.content == complete.content
    assert len(repeated.reports) < len(complete.reports)


@pytest.mark.slow
def test_a_run_starts_from_a_picture_at_its_size(paths, tmp_path):
    recipe = dataclasses.replace(TEXTURE, start=START, iterations=5, draws=1)
    run = JobRun(recipe, paths, tmp_path / "one")
    first = rwkeras.read_image(run.folder / "stage-000000.jpg")
    start = rwkeras.images.reading.resize(waves(32, 40)[:, ::-1], (32, 26))
    assert rwkeras.psnr(first, start)[0] > 25


@pytest.mark.slow
def test_colors_of_a_style(paths, tmp_path):
    recipe = Recipe("style", (CONTENT, PAINTING), 32, iterations=5, draws=1)
    painted, recolored, matched = (
        JobRun(dataclasses.replace(recipe, colors=colors), paths, tmp_path / colors).image
        for colors in ("painting", "photograph", "matched")
    )
    content = rwkeras.images.reading.fit_longer_side(rwkeras.read_image(paths[CONTENT]), 32)
    expected = rwkeras.with_luminance_of(content, painted)
    np.testing.assert_allclose(recolored, expected, atol=1.5 / 255)
    assert np.abs(matched - painted).max() > 0.02


@pytest.mark.slow
def test_a_higher_balance_keeps_more_of_the_content(paths, tmp_path):
    recipe = Recipe("style", (CONTENT, PAINTING), 32, iterations=20, draws=1)
    content = rwkeras.images.reading.fit_longer_side(rwkeras.read_image(paths[CONTENT]), 32)
    psnrs = [
        rwkeras.psnr(
            JobRun(dataclasses.replace(recipe, balance=balance), paths, tmp_path / name).image,
            content,
        )[0]
        for name, balance in (("low", -3.0), ("high", 6.0))
    ]
    assert psnrs[1] > psnrs[0] + 1


@pytest.mark.slow
def test_a_photograph_is_recovered(paths, tmp_path):
    recipe = Recipe("recover", (CONTENT,), 32, iterations=20, layer="conv1_2")
    run = JobRun(recipe, paths, tmp_path / "one")
    content = rwkeras.images.reading.fit_longer_side(rwkeras.read_image(paths[CONTENT]), 32)
    assert rwkeras.psnr(run.image, content)[0] > 20
    with pytest.raises(ValueError, match="Expected a layer of 'vgg19'"):
        JobRun(dataclasses.replace(recipe, layer="conv9_9"), paths, tmp_path / "two")
