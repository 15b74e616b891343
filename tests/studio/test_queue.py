import dataclasses
import time

import pytest

from rwkeras.studio.queue import Queue
from rwkeras.studio.recipes import Recipe
from rwkeras.studio.store import Store
from tests.studio.made import DIGESTS, Doer, png, small


@pytest.fixture
def store(tmp_path):
    made = Store(small(tmp_path / "kept"))
    yield made
    made.close()


@pytest.fixture
def recipe(store):
    return Recipe("texture", (store.add_picture(png(), "a"),))


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def ended(queue, job):
    until(lambda: queue.job(job.name).ended)
    return queue.job(job.name)


def test_jobs_are_done_one_after_another_in_their_order(store, recipe):
    doer = Doer(waits=True)
    queue = Queue(store, small(store.root), doer)
    jobs = [queue.submit(dataclasses.replace(recipe, seed=n)) for n in range(3)]
    assert [queue.position(job.name) for job in jobs] == [0, 1, 2]
    queue.start()
    until(lambda: queue.progress(jobs[0].name) is not None)
    assert [queue.job(job.name).state for job in jobs] == ["running", "waiting", "waiting"]
    assert queue.progress(jobs[0].name).iterations == 100
    assert queue.progress(jobs[1].name) is None
    doer.go.set()
    last = ended(queue, jobs[2])
    assert [each.seed for each in doer.done] == [0, 1, 2]
    assert (last.state, last.seconds, queue.position(last.name)) == ("done", 0.5, None)
    assert len(last.digest) == 64
    assert queue.jobs() == store.jobs()
    queue.close()


def test_what_is_stopped_keeps_its_picture_and_where_it_was(store, recipe):
    queue = Queue(store, small(store.root), Doer(waits=True))
    queue.start()
    first, second = queue.submit(recipe), queue.submit(recipe)
    until(lambda: queue.progress(first.name) is not None)
    queue.stop(second.name)
    assert queue.job(second.name).state == "stopped"
    assert queue.job(second.name).digest == ""
    queue.stop(first.name)
    stopped = ended(queue, first)
    assert stopped.state == "stopped"
    assert stopped.digest
    iteration, evaluation = stopped.recipe.stop
    assert evaluation == iteration + 1
    queue.stop(first.name)
    queue.stop("no such job")
    queue.close()


def test_what_was_running_goes_on_in_the_next_queue_before_what_waits(store, recipe):
    queue = Queue(store, small(store.root), Doer(waits=True))
    first = queue.submit(dataclasses.replace(recipe, seed=1))
    queue.start()
    until(lambda: queue.progress(first.name) is not None)
    (store.job_folder(first.name) / "checkpoint").mkdir()
    queue.submit(dataclasses.replace(recipe, seed=2))
    queue.close()
    assert [job.state for job in store.jobs()] == ["running", "waiting"]
    doer = Doer()
    again = Queue(store, small(store.root), doer)
    assert again.position(first.name) == 0
    again.start()
    ended(again, again.jobs()[1])
    assert [each.seed for each in doer.done] == [1, 2]
    assert not (store.job_folder(first.name) / "checkpoint").exists()
    again.close()


@pytest.mark.parametrize("error", [ValueError("what it fails of"), OSError("what it fails of")])
def test_what_fails_says_why_and_others_go_on(store, recipe, error):
    doer = Doer(error=error)
    queue = Queue(store, small(store.root), doer)
    queue.start()
    failed = ended(queue, queue.submit(recipe))
    assert (failed.state, failed.error, failed.digest) == ("failed", "what it fails of", "")
    doer.error = None
    assert ended(queue, queue.submit(recipe)).state == "done"
    queue.remove(failed.name)
    assert queue.job(failed.name) is None
    assert len(store.jobs()) == 1
    queue.close()


def test_what_runs_is_not_removed(store, recipe):
    queue = Queue(store, small(store.root), Doer())
    job = queue.submit(recipe)
    queue.remove(job.name)
    assert queue.job(job.name) == job


def test_results_give_way_when_they_take_too_much(store, recipe):
    queue = Queue(store, small(store.root, max_kept=1), Doer())
    queue._store._settings = small(store.root, max_kept=1)
    queue.start()
    job = queue.submit(recipe)
    until(lambda: queue.job(job.name).state == "failed")
    assert queue.job(job.name).error == (
        "The result and its pictures are larger than all that may be kept (--max_kept)"
    )
    left = {path.name for path in store.job_folder(job.name).iterdir()}
    assert left == {"job.json", "recipe.json"}
    queue.close()


def test_errors(store, recipe):
    settings = small(store.root, max_side=64, max_waiting=2)
    queue = Queue(store, settings, Doer())

    def refused(queue, **changes):
        with pytest.raises(ValueError) as error:
            queue.submit(dataclasses.replace(recipe, **changes))
        return str(error.value).removeprefix("Invalid value for argument ")

    assert refused(queue) == "`size`. Expected at most 64. Received: size=256"
    missing = (
        f"`picture`. Expected the SHA-256 of a picture that is kept. Received: picture={DIGESTS[0]}"
    )
    assert refused(queue, size=64, pictures=DIGESTS[:1]) == missing
    assert refused(queue, size=64, start=DIGESTS[0]) == missing
    for _ in range(2):
        queue.submit(dataclasses.replace(recipe, size=64))
    assert refused(queue, size=64) == (
        "`recipe`. Expected at most 2 jobs to wait. Received: recipe=1 more than 2"
    )
    served = Queue(store, small(store.root, endpoint="localhost:8500"), Doer())
    start = recipe.pictures[0]
    assert refused(served, start=start) == (
        f"`start`. Expected None with served models, which begin anew. Received: start={start}"
    )
