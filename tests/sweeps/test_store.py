import json
import os

import numpy as np
import pytest

import rwkeras.sweeps.store
from rwkeras.sweeps.jobs import JobResult, job_key
from rwkeras.sweeps.store import Failure, Store, run_job
from tests.conftest import waves
from tests.sweeps.works import Number, begun

JOB = Number(1)


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path))


def result():
    trace = [{"iteration": 0, "loss": 1.0}, {"iteration": 5, "loss": 0.1}]
    pictures = {"picture": waves(6, 5), "first": waves(5, 6)}
    return JobResult({"psnr_db": 30.25, "failed": False}, pictures, trace, {"a.json": b"{}"})


def test_a_result_is_read_as_it_was_written(store):
    assert not store.done(JOB)
    store.write(JOB, result())
    assert store.done(JOB)
    read = store.read(JOB)
    assert read.values == result().values == store.values(JOB)
    assert read.trace == result().trace
    assert read.files == result().files
    assert list(read.pictures) == ["picture", "first"]
    for name, picture in result().pictures.items():
        assert np.abs(read.pictures[name] - picture).max() <= 0.5 / 255 + 1e-6


def test_any_file_system_of_tensorflow_will_do():
    store = Store("ram://sweep")
    store.record_failure(JOB, Failure("no luck"))
    assert store.failure(JOB).reason == "no luck"
    store.write(JOB, result())
    assert store.failure(JOB) is None
    assert store.read(JOB).files == result().files
    assert store.read(JOB).pictures["picture"].shape == (6, 5, 3)


def test_a_result_is_whole_or_not_there(store, monkeypatch):
    """A process that dies before the last write leaves nothing that counts as a result."""
    write = rwkeras.sweeps.store.write_bytes

    def dies_after(count):
        left = iter(range(count))

        def write_or_die(path, content):
            if next(left, None) is None:
                raise KeyboardInterrupt
            write(path, content)

        return write_or_die

    for count in range(4):
        monkeypatch.setattr(rwkeras.sweeps.store, "write_bytes", dies_after(count))
        with pytest.raises(KeyboardInterrupt):
            store.write(JOB, result())
        assert not store.done(JOB)
    monkeypatch.undo()
    assert run_job(JOB, store.folder) is None
    assert store.values(JOB) == {"number": 1}


def test_what_is_whole_is_not_overwritten(store):
    store.write(JOB, result())
    before = {f: os.stat(store.path(JOB, f)).st_mtime_ns for f in os.listdir(store.path(JOB, ""))}
    store.write(JOB, result()._replace(values={"psnr_db": 1.0}))
    assert run_job(JOB, store.folder) is None
    after = {f: os.stat(store.path(JOB, f)).st_mtime_ns for f in os.listdir(store.path(JOB, ""))}
    assert after == before
    assert not os.path.exists(os.path.join(store.folder, "begun.txt"))


def test_names_that_the_store_needs_are_refused(store):
    with pytest.raises(ValueError) as error:
        store.write(JOB, JobResult({}, files={"failure.json": b""}))
    assert str(error.value) == (
        "Invalid value for argument `files`. Expected names other than result.json and "
        "failure.json. Received: files=failure.json"
    )
    assert not store.done(JOB)


def test_a_failure_is_kept_until_there_is_a_result(store):
    assert store.failure(JOB) is None
    failure = Failure("no luck", "Traceback ...")
    assert store.record_failure(JOB, failure) == failure
    assert store.failure(JOB) == failure
    store.write(JOB, result())
    assert store.failure(JOB) is None
    assert not os.path.exists(store.path(JOB, "failure.json"))


def test_a_slower_attempt_that_fails_leaves_the_result(store):
    store.write(JOB, result())
    assert store.record_failure(JOB, Failure("out of memory")) is None
    assert store.failure(JOB) is None
    # Two attempts that end at the same time may leave both files.
    with open(store.path(JOB, "failure.json"), "w") as file:
        json.dump({"reason": "out of memory", "details": ""}, file)
    assert store.failure(JOB) is None


def test_a_job_that_raises_is_recorded_in_one_line_with_details(store):
    job = Number(1, trouble="raise")
    failure = run_job(job, store.folder)
    assert failure.reason == "number 1 is no good"
    assert "ValueError" in failure.details
    assert "works.py" in failure.details
    assert store.failure(job) == failure
    assert not store.done(job)


def test_a_failed_job_is_tried_again(store):
    job = Number(1, trouble="raise")
    run_job(job, store.folder)
    open(os.path.join(store.folder, "help"), "w").close()
    assert run_job(job, store.folder) is None
    assert store.done(job)
    assert len(begun(store.folder)[1]) == 2


def test_a_result_that_cannot_be_kept_is_a_failure(store):
    failure = run_job(Number(1, trouble="value"), store.folder)
    assert failure.reason == "Object of type float32 is not JSON serializable"


def test_the_same_job_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        run_job(JOB, str(tmp_path / name))
    first, second = (tmp_path / name / "jobs" / job_key(JOB) for name in ("a", "b"))
    assert sorted(os.listdir(first)) == ["note", "picture.png", "result.json"]
    for file in os.listdir(first):
        assert (first / file).read_bytes() == (second / file).read_bytes()
