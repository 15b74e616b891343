import dataclasses

import pytest

from rwkeras.studio.page_state import PageState
from rwkeras.studio.queue import Queue
from rwkeras.studio.recipes import Recipe
from rwkeras.studio.store import Store
from tests.studio.support import DIGESTS, FakeJobRunner, png, studio_settings
from tests.studio.test_queue import wait_until, wait_until_ended


class Studio:
    """A store, its queue and a page's state."""

    def __init__(self, folder, runner, **settings):
        self.settings = studio_settings(folder, **settings)
        self.store = Store(self.settings)
        self.runner = runner
        self.queue = Queue(self.store, self.settings, runner)
        self.state = PageState(self.store, self.queue, self.settings)
        self.pictures = [self.store.add_picture(png(n), "a") for n in range(2)]

    def choose(self):
        for role, digest in zip(("content", "style"), self.pictures, strict=True):
            self.state.choose_picture(role, digest)


@pytest.fixture
def studio(tmp_path):
    opened = Studio(tmp_path / "studio", FakeJobRunner())
    opened.queue.start()
    yield opened
    opened.queue.close()
    opened.store.close()


@pytest.fixture
def blocked(tmp_path):
    opened = Studio(tmp_path / "slow", FakeJobRunner(blocking=True))
    opened.queue.start()
    yield opened
    opened.queue.close()
    opened.store.close()


def test_a_run_has_the_chosen_pictures_and_settings(studio):
    assert studio.state.missing_roles == ["content", "style"]
    studio.choose()
    studio.state.change_setting("balance", -1.5)
    studio.state.change_setting("seed", 4)
    job = studio.state.start_run()
    assert job.recipe == Recipe("style", tuple(studio.pictures), balance=-1.5, seed=4)
    assert studio.state.current_job.name == job.name
    assert studio.state.setting("balance") == -1.5
    assert studio.state.setting("size") == Recipe.size


def test_each_kind_has_its_own_state(studio):
    studio.choose()
    studio.state.change_setting("size", 64)
    studio.state.kind = "texture"
    assert studio.state.missing_roles == ["texture"]
    assert studio.state.setting("size") == Recipe.size
    studio.state.choose_picture("texture", studio.pictures[0])
    assert studio.state.start_run().recipe.kind == "texture"
    studio.state.kind = "style"
    assert studio.state.current_job is None
    assert studio.state.setting("size") == 64


def test_variations_have_consecutive_seeds(studio):
    studio.choose()
    studio.state.change_setting("seed", 7)
    first = studio.state.start_run(3)
    jobs = studio.state.variations()
    assert [job.recipe.seed for job in jobs] == [7, 8, 9]
    assert jobs[0].name == first.name
    assert {job.group for job in jobs} == {first.name}


def test_a_run_continues_from_the_current_result(studio):
    studio.choose()
    assert not studio.state.can_continue()
    first = wait_until_ended(studio.queue, studio.state.start_run())
    studio.state.change_setting("balance", 2.0)
    assert studio.state.can_continue()
    second = studio.state.continue_run()
    assert second.recipe.start == first.digest
    assert second.recipe.balance == 2.0
    assert second.recipe.iterations == Recipe.iterations // 2
    # A continued job halves the iterations; the setting is the default again.
    studio.state.show_job(wait_until_ended(studio.queue, second))
    assert studio.state.setting("iterations") == Recipe.iterations


def test_a_running_job_is_stopped_before_it_is_continued(blocked):
    blocked.choose()
    job = blocked.state.start_run()
    wait_until(lambda: blocked.queue.progress(job.name) is not None)
    blocked.state.change_setting("balance", 2.0)
    assert blocked.state.continue_run() is None
    stopped = wait_until_ended(blocked.queue, job)
    assert stopped.state == "stopped"
    blocked.state.update()
    assert blocked.state.current_job.name != job.name
    assert blocked.state.current_job.recipe.start == stopped.digest
    before = blocked.state.current_job.name
    blocked.state.update()
    assert blocked.state.current_job.name == before


def test_a_waiting_job_is_replaced(blocked):
    blocked.choose()
    blocked.state.start_run()
    waiting = blocked.state.start_run()
    blocked.state.change_setting("seed", 3)
    other = blocked.state.continue_run()
    assert blocked.queue.job(waiting.name).state == "stopped"
    assert (other.recipe.seed, other.recipe.start) == (3, None)


def test_other_pictures_start_from_scratch(studio):
    studio.choose()
    wait_until_ended(studio.queue, studio.state.start_run())
    studio.state.choose_picture("content", studio.pictures[1])
    assert not studio.state.can_continue()
    assert studio.state.continue_run().recipe.start is None


def test_a_new_page_shows_the_latest_job(studio):
    studio.choose()
    studio.state.change_setting("size", 64)
    job = wait_until_ended(studio.queue, studio.state.start_run())
    reopened = PageState(studio.store, studio.queue, studio.settings)
    assert reopened.current_job == job
    assert reopened.picture_digest("style") == studio.pictures[1]
    assert reopened.setting("size") == 64


def test_rerun_submits_the_recipe_with_the_expected_file(studio):
    recipe = Recipe("texture", (studio.pictures[0],), 64)
    job = studio.state.rerun(recipe, (DIGESTS[0], "jpg"))
    assert (job.recipe, job.expected_file) == (recipe, (DIGESTS[0], "jpg"))
    assert studio.state.kind == "texture"
    assert studio.state.current_job.name == job.name


def test_errors(studio):
    def error_of(call, *arguments):
        with pytest.raises(ValueError) as error:
            call(*arguments)
        return str(error.value).removeprefix("Invalid value for argument ")

    assert error_of(studio.state.start_run) == (
        "`pictures`. Expected one picture for each of content, style. Received: pictures=none for "
        "content, style"
    )
    assert error_of(studio.state.choose_picture, "texture", studio.pictures[0]) == (
        "`role`. Expected one of 'content', 'style'. Received: role=texture"
    )
    assert error_of(studio.state.change_setting, "start", DIGESTS[0]).startswith(
        "`setting`. Expected one of "
    )
    assert error_of(studio.state.change_setting, "size", 1025) == (
        "`size`. Expected at most 1024. Received: size=1025"
    )
    assert error_of(studio.state.change_setting, "seed", "x") == (
        "`seed`. Expected an integer. Received: seed=x"
    )
    missing = Recipe("texture", DIGESTS[:1])
    assert error_of(studio.state.rerun, missing, ("", "")) == (
        "`recipe`. Expected a recipe whose pictures are all stored. Received: recipe=one that "
        f"needs the file with SHA-256 {DIGESTS[0]}: drop it first"
    )
    served = Recipe("texture", (studio.pictures[0],), served="multiscale_texture:1")
    assert error_of(studio.state.rerun, served, ("", "")) == (
        "`recipe`. Expected one made on this machine. Received: recipe=one made by a served model"
    )


def test_runs_on_served_models_cannot_continue(tmp_path):
    studio = Studio(tmp_path / "studio", FakeJobRunner(), endpoint="localhost:8500")
    studio.queue.start()
    studio.choose()
    wait_until_ended(studio.queue, studio.state.start_run())
    assert not studio.state.can_continue()
    local = dataclasses.replace(studio.state.current_job.recipe, served=None)
    with pytest.raises(ValueError) as error:
        studio.state.rerun(local, ("", ""))
    assert str(error.value) == (
        "Invalid value for argument `recipe`. Expected one made by a served model. Received: "
        "recipe=one made on this machine"
    )
    studio.queue.close()
    studio.store.close()
