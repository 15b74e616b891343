import dataclasses

import pytest

from rwkeras.studio.desk import Desk
from rwkeras.studio.queue import Queue
from rwkeras.studio.recipes import Recipe
from rwkeras.studio.store import Store
from tests.studio.made import DIGESTS, Doer, png, small
from tests.studio.test_queue import ended, until


class Room:
    """A store with a queue, and a desk before them."""

    def __init__(self, folder, doer, **settings):
        self.settings = small(folder, **settings)
        self.store = Store(self.settings)
        self.doer = doer
        self.queue = Queue(self.store, self.settings, doer)
        self.desk = Desk(self.store, self.queue, self.settings)
        self.pictures = [self.store.add_picture(png(n), "a") for n in range(2)]

    def choose(self):
        for role, digest in zip(("content", "style"), self.pictures, strict=True):
            self.desk.choose(role, digest)


@pytest.fixture
def room(tmp_path):
    made = Room(tmp_path / "kept", Doer())
    made.queue.start()
    yield made
    made.queue.close()
    made.store.close()


@pytest.fixture
def slow(tmp_path):
    made = Room(tmp_path / "slow", Doer(waits=True))
    made.queue.start()
    yield made
    made.queue.close()
    made.store.close()


def test_pictures_and_settings_become_a_recipe(room):
    assert room.desk.missing == ["content", "style"]
    room.choose()
    room.desk.change("balance", -1.5)
    room.desk.change("seed", 4)
    job = room.desk.begin()
    assert job.recipe == Recipe("style", tuple(room.pictures), balance=-1.5, seed=4)
    assert room.desk.shown.name == job.name
    assert room.desk.value("balance") == -1.5
    assert room.desk.value("size") == Recipe.size


def test_each_kind_has_its_own(room):
    room.choose()
    room.desk.change("size", 64)
    room.desk.kind = "texture"
    assert room.desk.missing == ["texture"]
    assert room.desk.value("size") == Recipe.size
    room.desk.choose("texture", room.pictures[0])
    assert room.desk.begin().recipe.kind == "texture"
    room.desk.kind = "style"
    assert room.desk.shown is None
    assert room.desk.value("size") == 64


def test_variations_are_of_consecutive_seeds(room):
    room.choose()
    room.desk.change("seed", 7)
    first = room.desk.begin(3)
    jobs = room.desk.variations()
    assert [job.recipe.seed for job in jobs] == [7, 8, 9]
    assert jobs[0].name == first.name
    assert {job.group for job in jobs} == {first.name}


def test_it_goes_on_from_the_present_picture(room):
    room.choose()
    assert not room.desk.can_go_on()
    first = ended(room.queue, room.desk.begin())
    room.desk.change("balance", 2.0)
    assert room.desk.can_go_on()
    second = room.desk.go_on()
    assert second.recipe.start == first.digest
    assert second.recipe.balance == 2.0
    assert second.recipe.iterations == Recipe.iterations // 2
    # What was made once more of it has the iterations of a beginning again.
    room.desk.show(ended(room.queue, second))
    assert room.desk.value("iterations") == Recipe.iterations


def test_what_runs_is_stopped_first_and_then_gone_on_from(slow):
    slow.choose()
    job = slow.desk.begin()
    until(lambda: slow.queue.progress(job.name) is not None)
    slow.desk.change("balance", 2.0)
    assert slow.desk.go_on() is None
    stopped = ended(slow.queue, job)
    assert stopped.state == "stopped"
    slow.desk.tick()
    assert slow.desk.shown.name != job.name
    assert slow.desk.shown.recipe.start == stopped.digest
    before = slow.desk.shown.name
    slow.desk.tick()
    assert slow.desk.shown.name == before


def test_what_waits_gives_its_place_to_what_takes_its_stead(slow):
    slow.choose()
    slow.desk.begin()
    waiting = slow.desk.begin()
    slow.desk.change("seed", 3)
    other = slow.desk.go_on()
    assert slow.queue.job(waiting.name).state == "stopped"
    assert (other.recipe.seed, other.recipe.start) == (3, None)


def test_other_pictures_begin_anew(room):
    room.choose()
    ended(room.queue, room.desk.begin())
    room.desk.choose("content", room.pictures[1])
    assert not room.desk.can_go_on()
    assert room.desk.go_on().recipe.start is None


def test_a_new_desk_shows_what_was_last_made(room):
    room.choose()
    room.desk.change("size", 64)
    job = ended(room.queue, room.desk.begin())
    again = Desk(room.store, room.queue, room.settings)
    assert again.shown == job
    assert again.picture("style") == room.pictures[1]
    assert again.value("size") == 64


def test_a_recipe_is_made_again(room):
    recipe = Recipe("texture", (room.pictures[0],), 64)
    job = room.desk.again(recipe, (DIGESTS[0], "jpg"))
    assert (job.recipe, job.expected_file) == (recipe, (DIGESTS[0], "jpg"))
    assert room.desk.kind == "texture"
    assert room.desk.shown.name == job.name


def test_errors(room):
    def refused(call, *arguments):
        with pytest.raises(ValueError) as error:
            call(*arguments)
        return str(error.value).removeprefix("Invalid value for argument ")

    assert refused(room.desk.begin) == (
        "`pictures`. Expected a picture each for content, style. Received: pictures=none for "
        "content, style"
    )
    assert refused(room.desk.choose, "texture", room.pictures[0]) == (
        "`role`. Expected one of 'content', 'style'. Received: role=texture"
    )
    assert refused(room.desk.change, "start", DIGESTS[0]).startswith("`setting`. Expected one of ")
    assert refused(room.desk.change, "size", 1025) == (
        "`size`. Expected at most 1024. Received: size=1025"
    )
    assert refused(room.desk.change, "seed", "x") == (
        "`seed`. Expected an integer. Received: seed=x"
    )
    missing = Recipe("texture", DIGESTS[:1])
    assert refused(room.desk.again, missing, ("", "")) == (
        "`recipe`. Expected a recipe whose pictures are here. Received: recipe=one that needs the "
        f"file of SHA-256 {DIGESTS[0]} too: drop it first"
    )
    served = Recipe("texture", (room.pictures[0],), served="multiscale_texture:1")
    assert refused(room.desk.again, served, ("", "")) == (
        "`recipe`. Expected one that this machine made. Received: recipe=one that a served model "
        "made"
    )


def test_served_models_begin_anew(tmp_path):
    room = Room(tmp_path / "kept", Doer(), endpoint="localhost:8500")
    room.queue.start()
    room.choose()
    ended(room.queue, room.desk.begin())
    assert not room.desk.can_go_on()
    here = dataclasses.replace(room.desk.shown.recipe, served=None)
    with pytest.raises(ValueError) as error:
        room.desk.again(here, ("", ""))
    assert str(error.value) == (
        "Invalid value for argument `recipe`. Expected one that a served model made. Received: "
        "recipe=one that this machine made"
    )
    room.queue.close()
    room.store.close()
