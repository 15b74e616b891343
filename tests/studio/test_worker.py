"""The process that does the work, with the package's own tasks in it."""

import os
import signal

import pytest

import rwkeras
from rwkeras.studio.performing import Left, Work
from rwkeras.studio.recipes import Recipe
from rwkeras.studio.worker import Worker
from tests.conftest import waves
from tests.studio.made import DIGESTS

pytestmark = pytest.mark.slow
RECIPE = Recipe("texture", DIGESTS[:1], 32, iterations=10, draws=1)
LONG = Recipe("texture", DIGESTS[:1], 128, iterations=2000, draws=1)


@pytest.fixture(scope="module")
def worker():
    made = Worker(10**6)
    yield made
    made.close()


@pytest.fixture
def work(tmp_path):
    path = tmp_path / "texture.png"
    rwkeras.write_image(path, waves(32, 32))

    def made(recipe, name="job"):
        (tmp_path / name).mkdir(exist_ok=True)
        return Work(recipe, {DIGESTS[0]: path}, tmp_path / name)

    return made


def test_jobs_are_done_and_stopped_and_what_fails_says_why(worker, work):
    moments = []
    asked = work(RECIPE)
    outcome = worker.perform(asked, lambda moment: moments.append(moment) is not None)
    assert outcome.recipe == RECIPE
    assert (asked.folder / "picture.png").exists()
    assert [moment.iteration for moment in moments if moment is not None][-1] == 10

    def stop(moment):
        return moment is not None and moment.iteration >= 5

    assert worker.perform(work(LONG, "long"), stop).stopped
    with pytest.raises(ValueError) as error:
        worker.perform(work(Recipe("recover", DIGESTS[:1], 32, layer="conv9_9")), lambda _: False)
    assert "Expected a layer of 'vgg19'" in str(error.value)
    assert worker.perform(work(RECIPE, "after"), lambda _: False).recipe == RECIPE


def test_a_run_that_is_left_has_its_state_kept_and_the_next_begins_a_process(worker, work):
    asked = work(LONG, "left")

    def leave(moment):
        if moment is not None and moment.iteration >= 5:
            raise Left
        return False

    with pytest.raises(Left):
        worker.perform(asked, leave)
    assert list(asked.folder.glob("checkpoint/**/*.index"))
    assert not (asked.folder / "picture.png").exists()


def test_a_process_that_is_killed_fails_its_job_alone(worker, work):
    def kill(moment):
        if moment is not None:
            os.kill(worker._process.pid, signal.SIGKILL)
        return False

    with pytest.raises(ValueError) as error:
        worker.perform(work(LONG), kill)
    assert str(error.value) == (
        "The process that did the work ended, as one does that takes too much memory: a smaller "
        "size takes less"
    )
    assert worker.perform(work(RECIPE, "after"), lambda _: False).recipe == RECIPE
