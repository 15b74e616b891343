"""The worker process, with the package's own tasks in it."""

import os
import signal

import pytest

import rwkeras
from rwkeras.studio.interface import Abandoned, WorkItem
from rwkeras.studio.recipes import Recipe
from rwkeras.studio.worker import Worker
from tests.conftest import waves
from tests.studio.support import DIGESTS

pytestmark = pytest.mark.slow
RECIPE = Recipe("texture", DIGESTS[:1], 32, iterations=10, draws=1)
LONG = Recipe("texture", DIGESTS[:1], 128, iterations=2000, draws=1)


@pytest.fixture(scope="module")
def worker():
    started = Worker(10**6)
    yield started
    started.close()


@pytest.fixture
def make_item(tmp_path):
    path = tmp_path / "texture.png"
    rwkeras.write_image(path, waves(32, 32))

    def make(recipe, name="job"):
        (tmp_path / name).mkdir(exist_ok=True)
        return WorkItem(recipe, {DIGESTS[0]: path}, tmp_path / name)

    return make


def test_jobs_run_stop_and_fail_with_a_message(worker, make_item):
    reports = []
    item = make_item(RECIPE)
    result = worker.run_job(item, lambda progress: reports.append(progress) is not None)
    assert result.recipe == RECIPE
    assert (item.folder / "picture.png").exists()
    assert [progress.iteration for progress in reports if progress is not None][-1] == 10

    def stop(progress):
        return progress is not None and progress.iteration >= 5

    assert worker.run_job(make_item(LONG, "long"), stop).stopped
    with pytest.raises(ValueError) as error:
        worker.run_job(
            make_item(Recipe("recover", DIGESTS[:1], 32, layer="conv9_9")), lambda _: False
        )
    assert "Expected a layer of 'vgg19'" in str(error.value)
    assert worker.run_job(make_item(RECIPE, "after"), lambda _: False).recipe == RECIPE


def test_an_abandoned_run_saves_its_checkpoint(worker, make_item):
    item = make_item(LONG, "abandoned")

    def abandon(progress):
        if progress is not None and progress.iteration >= 5:
            raise Abandoned
        return False

    with pytest.raises(Abandoned):
        worker.run_job(item, abandon)
    assert list(item.folder.glob("checkpoint/**/*.index"))
    assert not (item.folder / "picture.png").exists()


def test_a_killed_process_fails_only_its_job(worker, make_item):
    def kill(progress):
        if progress is not None:
            os.kill(worker._process.pid, signal.SIGKILL)
        return False

    with pytest.raises(ValueError) as error:
        worker.run_job(make_item(LONG), kill)
    assert str(error.value) == (
        "The worker process ended, possibly out of memory: try a smaller size"
    )
    assert worker.run_job(make_item(RECIPE, "after"), lambda _: False).recipe == RECIPE
