import dataclasses
import time

import pytest

from rwkeras.studio.queue import Queue
from rwkeras.studio.recipes import Recipe
from rwkeras.studio.store import Store
from tests.studio.support import DIGESTS, FakeJobRunner, png, studio_settings


@pytest.fixture
def store(tmp_path):
    opened = Store(studio_settings(tmp_path / "studio"))
    yield opened
    opened.close()


@pytest.fixture
def recipe(store):
    return Recipe("texture", (store.add_picture(png(), "a"),))


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def wait_until_ended(queue, job):
    wait_until(lambda: queue.job(job.name).ended)
    return queue.job(job.name)


def test_jobs_run_one_at_a_time_in_order(store, recipe):
    runner = FakeJobRunner(blocking=True)
    queue = Queue(store, studio_settings(store.root), runner)
    jobs = [queue.submit(dataclasses.replace(recipe, seed=n)) for n in range(3)]
    assert [queue.position(job.name) for job in jobs] == [0, 1, 2]
    queue.start()
    wait_until(lambda: queue.progress(jobs[0].name) is not None)
    assert [queue.job(job.name).state for job in jobs] == ["running", "waiting", "waiting"]
    assert queue.progress(jobs[0].name).iterations == 100
    assert queue.progress(jobs[1].name) is None
    runner.release.set()
    last = wait_until_ended(queue, jobs[2])
    assert [each.seed for each in runner.done] == [0, 1, 2]
    assert (last.state, last.seconds, queue.position(last.name)) == ("done", 0.5, None)
    assert len(last.digest) == 64
    assert queue.jobs() == store.jobs()
    queue.close()


def test_a_stopped_job_keeps_its_picture_and_its_stop(store, recipe):
    queue = Queue(store, studio_settings(store.root), FakeJobRunner(blocking=True))
    queue.start()
    first, second = queue.submit(recipe), queue.submit(recipe)
    wait_until(lambda: queue.progress(first.name) is not None)
    queue.stop(second.name)
    assert queue.job(second.name).state == "stopped"
    assert queue.job(second.name).digest == ""
    queue.stop(first.name)
    stopped = wait_until_ended(queue, first)
    assert stopped.state == "stopped"
    assert stopped.digest
    iteration, evaluation = stopped.recipe.stop
    assert evaluation == iteration + 1
    queue.stop(first.name)
    queue.stop("no such job")
    queue.close()


def test_the_next_queue_resumes_a_running_job_before_waiting_ones(store, recipe):
    queue = Queue(store, studio_settings(store.root), FakeJobRunner(blocking=True))
    first = queue.submit(dataclasses.replace(recipe, seed=1))
    queue.start()
    wait_until(lambda: queue.progress(first.name) is not None)
    (store.job_folder(first.name) / "checkpoint").mkdir()
    queue.submit(dataclasses.replace(recipe, seed=2))
    queue.close()
    assert [job.state for job in store.jobs()] == ["running", "waiting"]
    runner = FakeJobRunner()
    next_queue = Queue(store, studio_settings(store.root), runner)
    assert next_queue.position(first.name) == 0
    next_queue.start()
    wait_until_ended(next_queue, next_queue.jobs()[1])
    assert [each.seed for each in runner.done] == [1, 2]
    assert not (store.job_folder(first.name) / "checkpoint").exists()
    next_queue.close()


@pytest.mark.parametrize("error", [ValueError("what it fails of"), OSError("what it fails of")])
def test_a_failed_job_has_its_error_and_others_run(store, recipe, error):
    runner = FakeJobRunner(error=error)
    queue = Queue(store, studio_settings(store.root), runner)
    queue.start()
    failed = wait_until_ended(queue, queue.submit(recipe))
    assert (failed.state, failed.error, failed.digest) == ("failed", "what it fails of", "")
    runner.error = None
    assert wait_until_ended(queue, queue.submit(recipe)).state == "done"
    queue.remove(failed.name)
    assert queue.job(failed.name) is None
    assert len(store.jobs()) == 1
    queue.close()


def test_a_waiting_job_is_not_removed(store, recipe):
    queue = Queue(store, studio_settings(store.root), FakeJobRunner())
    job = queue.submit(recipe)
    queue.remove(job.name)
    assert queue.job(job.name) == job


def test_a_result_over_the_size_limit_fails(store, recipe):
    queue = Queue(store, studio_settings(store.root, max_kept=1), FakeJobRunner())
    queue._store._settings = studio_settings(store.root, max_kept=1)
    queue.start()
    job = queue.submit(recipe)
    wait_until(lambda: queue.job(job.name).state == "failed")
    assert queue.job(job.name).error == (
        "The result and its pictures exceed the storage limit (--max_kept)"
    )
    left = {path.name for path in store.job_folder(job.name).iterdir()}
    assert left == {"job.json", "recipe.json"}
    queue.close()


def test_errors(store, recipe):
    settings = studio_settings(store.root, max_side=64, max_waiting=2)
    queue = Queue(store, settings, FakeJobRunner())

    def error_of(queue, **changes):
        with pytest.raises(ValueError) as error:
            queue.submit(dataclasses.replace(recipe, **changes))
        return str(error.value).removeprefix("Invalid value for argument ")

    assert error_of(queue) == "`size`. Expected at most 64. Received: size=256"
    missing = f"`picture`. Expected the SHA-256 of a stored picture. Received: picture={DIGESTS[0]}"
    assert error_of(queue, size=64, pictures=DIGESTS[:1]) == missing
    assert error_of(queue, size=64, start=DIGESTS[0]) == missing
    for _ in range(2):
        queue.submit(dataclasses.replace(recipe, size=64))
    assert error_of(queue, size=64) == (
        "`recipe`. Expected at most 2 waiting jobs. Received: recipe=1 in addition to 2"
    )
    served = Queue(store, studio_settings(store.root, endpoint="localhost:8500"), FakeJobRunner())
    start = recipe.pictures[0]
    assert error_of(served, start=start) == (
        "`start`. Expected None with served models, which always start anew. Received: "
        f"start={start}"
    )
