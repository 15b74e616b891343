import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.sweeps import local
from rwkeras.sweeps.jobs import Manifest
from rwkeras.sweeps.local import run_sweep
from rwkeras.sweeps.store import Failure, Store, run_job
from rwkeras.sweeps.worker import Worker
from tests.sweeps.works import Built, Number, begun

ROOT = Path(__file__).parents[2]


def written(folder):
    """Returns the modification time of each result, by path."""
    return {path: path.stat().st_mtime_ns for path in Path(folder).glob("jobs/*/result.json")}


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A zombie, which has ended but was not waited for, still has a process id.
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
def test_failures_are_recorded_and_the_others_go_on(tmp_path):
    good = [Number(n) for n in range(4)]
    bad = [Number(4, trouble="raise"), Number(5, trouble="exit"), Number(6, trouble="kill")]
    manifest = Manifest((bad[1], good[0], bad[0], good[1], bad[2], *good[2:]))
    reasons = {
        bad[0]: "number 4 is no good",
        bad[1]: "the worker ended with exit code 7",
        bad[2]: "the worker ended with exit code -9",
    }
    store, reported = Store(str(tmp_path)), []

    def report(job, failure):
        reported.append((job, failure))

    result = run_sweep(manifest, str(tmp_path), workers=2, callback=report)
    assert result.done == 4
    assert {job: failure.reason for job, failure in result.failures} == reasons
    assert {job: store.failure(job).reason for job in bad} == reasons
    assert [job for job in manifest.jobs if store.done(job)] == good
    # The callback is called once for each job.
    assert dict(reported) == {**dict.fromkeys(good), **dict(result.failures)}
    assert len(reported) == len(manifest)

    # Run again, finished jobs are reported first and not repeated, and failed jobs are retried.
    (tmp_path / "help").touch()
    before = written(tmp_path)
    reported.clear()
    again = run_sweep(Manifest((bad[0], *good)), str(tmp_path), workers=1, callback=report)
    assert again == (5, ())
    assert reported == [(job, None) for job in (*good, bad[0])]
    assert before.items() < written(tmp_path).items()
    assert {number: len(runs) for number, runs in begun(tmp_path).items()} == {
        **dict.fromkeys(range(7), 1),
        4: 2,
    }


_SWEEP = """
from rwkeras.sweeps.jobs import Manifest
from rwkeras.sweeps.local import run_sweep
from tests.sweeps.works import Number
run_sweep(Manifest(tuple(Number(n, seconds=0.4) for n in range(8))), {folder!r}, workers=2)
"""


@pytest.mark.slow
def test_a_killed_sweep_is_resumed(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", _SWEEP.format(folder=str(tmp_path))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    wait_until(
        lambda: len(list(tmp_path.glob("jobs/*/result.json"))) >= 2 or process.poll() is not None
    )
    process.send_signal(signal.SIGKILL)
    process.wait()
    workers = {number for runs in begun(tmp_path).values() for number in runs}
    # The worker processes end as well.
    wait_until(lambda: not any(alive(worker) for worker in workers), seconds=5)
    manifest = Manifest(tuple(Number(n, seconds=0.4) for n in range(8)))
    store, before = Store(str(tmp_path)), written(tmp_path)
    done = [job.number for job in manifest.jobs if store.done(job)]
    assert 2 <= len(done) < 8

    assert run_sweep(manifest, str(tmp_path), workers=2) == (8, ())
    assert [store.values(job)["number"] for job in manifest.jobs] == list(range(8))
    assert before.items() < written(tmp_path).items()
    assert all(len(begun(tmp_path)[number]) == 1 for number in done)


@pytest.mark.slow
def test_a_worker_builds_its_network_once_and_ends_with_the_sweep(tmp_path):
    network = NetworkSpec("toy_vgg")
    manifest = Manifest(tuple(Built(network, n, seconds=0.1) for n in range(6)))
    store = Store(str(tmp_path))

    def stop(job, failure):
        if sum(map(store.done, manifest.jobs)) >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sweep(manifest, str(tmp_path), workers=2, callback=stop)
    values = [store.values(job) for job in manifest.jobs if store.done(job)]
    assert {value["built"] for value in values} == {1}
    assert {value["threads"] for value in values} == {max(1, local.cores() // 2)}
    assert not any(alive(value["process"]) for value in values)


def test_a_result_that_has_another_name_is_none(tmp_path):
    worker = Worker(str(tmp_path), 1)
    for done, failure in (
        (False, Failure("the code changed during the sweep")),
        (True, None),
    ):
        if done:
            run_job(Number(1), str(tmp_path))
        worker.job, worker.connection = Number(1), SimpleNamespace(recv=lambda: None)
        worker._process = SimpleNamespace()
        assert worker.wait() == (Number(1), failure)
        assert Store(str(tmp_path)).failure(Number(1)) == failure


def test_an_ended_sweep_starts_no_process(tmp_path, monkeypatch):
    store = Store(str(tmp_path))
    store.write(Number(1), Number(1).run(str(tmp_path)))
    monkeypatch.setattr(local.Worker, "submit", lambda *_: pytest.fail("a worker has a job"))
    assert run_sweep(Manifest((Number(1),)), str(tmp_path)) == (1, ())
    assert run_sweep(Manifest(()), str(tmp_path)) == (0, ())


@pytest.mark.parametrize("workers", [0, 1.5])
def test_workers_are_checked(tmp_path, workers):
    with pytest.raises(ValueError) as error:
        run_sweep(Manifest((Number(1),)), str(tmp_path), workers=workers)
    assert str(error.value) == (
        "Invalid value for argument `workers`. Expected an integer of at least 1. "
        f"Received: workers={workers}"
    )


def test_cores_are_shared_out(monkeypatch):
    monkeypatch.setattr(local, "cores", lambda: 8)
    for devices, workers in (([], 8), (["a GPU"], 1)):
        monkeypatch.setattr(local.tf.config, "list_physical_devices", lambda _: devices)  # noqa: B023
        assert local.default_workers() == workers
    # Depends on the number of jobs in the manifest alone, so that a resumed sweep gets the same.
    assert [local._processes_and_threads(jobs, 8) for jobs in (0, 1, 3, 8, 100)] == [
        (1, 8),
        (1, 8),
        (3, 2),
        (8, 1),
        (8, 1),
    ]
    assert local._processes_and_threads(100, 16) == (16, 1)


def test_a_worker_gets_a_job_like_its_last_or_one_like_nobodys():
    numbers = enumerate("aabbbbc")
    queue = local._Queue(Number(number, kind=kind) for number, kind in numbers)
    assert queue.pop(None, [None, None]) == Number(0, kind="a")
    assert queue.pop(None, ["a", None]) == Number(2, kind="b")
    assert queue.pop("a", ["a", "b"]) == Number(1, kind="a")
    # No job like the last one is left: first an affinity without a worker, then the largest group.
    assert queue.pop("a", ["a", "b"]) == Number(6, kind="c")
    assert queue.pop("c", ["c", "b"]) == Number(3, kind="b")
    assert queue.pop("b", ["b", "b"]) == Number(4, kind="b")
    assert queue
    assert queue.pop("b", ["b", "b"]) == Number(5, kind="b")
    assert not queue
