"""Tests of the pipeline on local runners, whose workers import this checkout."""

import importlib
import sys
from pathlib import Path

import pytest

from rwkeras.experiments.jobs.grid import inversion_grid
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps import local
from rwkeras.sweeps.jobs import Manifest, job_key
from rwkeras.sweeps.pictures import put_picture
from rwkeras.sweeps.store import Store
from tests.conftest import waves
from tests.sweeps.works import Built, Number, begun

beam = pytest.importorskip("apache_beam", reason="Apache Beam comes with the extra `beam`")

from apache_beam.metrics import MetricsFilter  # noqa: E402
from apache_beam.options.pipeline_options import PipelineOptions  # noqa: E402
from apache_beam.testing.util import assert_that, equal_to  # noqa: E402

from rwkeras.sweeps import pipeline as module  # noqa: E402
from rwkeras.sweeps.pipeline import RunJobs, run_pipeline  # noqa: E402

ROOT = Path(__file__).parents[2]
TWO_PROCESSES = ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]
QUICK = OptimizerSettings(max_iterations=3, parametrization="pixels", precision="float32")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return str(tmp_path)


def inversions(folder):
    image = put_picture(folder, "waves", waves(32, 32))
    network = NetworkSpec("toy_vgg", reference=image)
    return inversion_grid([image], ["conv1_1"], [0, 1], [network], QUICK).jobs


@pytest.mark.slow
def test_several_workers_build_a_network_once_each(folder, tmp_path, monkeypatch):
    network = inversions(folder)[0].network
    built = [Built(network, n, seconds=0.2) for n in range(12)]
    bad = [Number(1, trouble="raise"), Number(2, trouble="exit")]
    manifest = Manifest((*bad, *built, *inversions(folder)))
    reported = []
    result = run_pipeline(
        manifest,
        folder,
        TWO_PROCESSES,
        max_batch_size=1,
        callback=lambda *end: reported.append(end),
    )
    assert result.done == len(manifest) - 2
    assert [(job, failure.reason) for job, failure in result.failures] == [
        (bad[0], "number 1 is no good"),
        (bad[1], "the worker ended with exit code 7"),
    ]
    assert reported == [(job, dict(result.failures).get(job)) for job in manifest.jobs]

    values = [Store(folder).values(job) for job in built]
    assert len({value["starter"] for value in values}) == 2
    assert {value["built"] for value in values} == {1}
    assert {value["threads"] for value in values} == {1}

    # With the same number of threads, the same jobs give the same bytes.
    monkeypatch.setattr(local, "cores", lambda: 1)
    here = str(tmp_path / "here")
    local.run_sweep(Manifest(inversions(here)), here)
    for job in inversions(here):
        for name in ("picture.png", "result.json"):
            first, second = (Path(Store(place).path(job, name)) for place in (folder, here))
            assert first.read_bytes() == second.read_bytes()


@pytest.mark.slow
def test_failures_are_elements_and_metrics(folder):
    done, good, bad = Number(0), Number(1), Number(2, trouble="raise")
    Store(folder).write(done, done.run(folder))
    with beam.Pipeline("FnApiRunner") as pipeline:
        failures = pipeline | RunJobs(Manifest((done, good, bad)), folder)
        assert_that(failures, equal_to([(job_key(bad), "number 2 is no good")]))
    metrics = pipeline.result.metrics().query(MetricsFilter().with_namespace("rwkeras.sweep"))
    counters = {each.key.metric.name: each.committed for each in metrics["counters"]}
    assert counters == {"done": 1, "failed": 1}
    # The finished job was not repeated, and there are results beside failures.
    assert {number: len(runs) for number, runs in begun(folder).items()} == {0: 1, 1: 1, 2: 1}
    assert Store(folder).values(good) == {"number": 1}


def test_an_attempt_that_is_repeated_does_nothing_again(folder):
    manifest = Manifest((Number(0), Number(1)))
    reference = module.put_manifest(folder, manifest)
    attempt = module._RunJobsFn(folder, reference, 1)
    attempt.setup()
    attempt._worker = None  # No worker is needed.
    for job in manifest.jobs:
        Store(folder).write(job, job.run(folder))
    assert list(attempt.process((0, 1))) == []
    assert {number: len(runs) for number, runs in begun(folder).items()} == {0: 1, 1: 1}


def test_jobs_that_are_alike_are_run_together(folder):
    jobs = [Number(n, kind=kind) for n, kind in enumerate("aabaaba")]
    Store(folder).write(jobs[1], jobs[1].run(folder))
    transform = RunJobs(Manifest(tuple(jobs)), folder, max_batch_size=2)
    assert transform._elements == [(0, 3), (4, 6), (2, 5)]


def test_of_an_ended_sweep_nothing_is_submitted(folder, monkeypatch):
    job = Number(1)
    Store(folder).write(job, job.run(folder))
    monkeypatch.setattr(beam, "Pipeline", lambda *_: pytest.fail("a pipeline is made"))
    reported = []
    result = run_pipeline(Manifest((job,)), folder, callback=lambda *end: reported.append(end))
    assert result == (1, ())
    assert reported == [(job, None)]


def test_a_job_that_the_pipeline_has_left_out_is_no_success(folder, monkeypatch):
    monkeypatch.setattr(module.RunJobs, "expand", lambda self, begin: begin | beam.Create([0]))
    result = run_pipeline(Manifest((Number(1),)), folder)
    assert result.done == 0
    assert result.failures[0][1].reason == "the pipeline ended without a result"


@pytest.mark.parametrize(
    ("options", "here"),
    [
        ([], True),
        (["--runner=DirectRunner"], True),
        (["--runner=direct"], True),
        (["--runner=FlinkRunner"], False),
    ],
)
def test_the_direct_runner_is_that_of_this_machine(options, here):
    runner = module._local_runner(PipelineOptions(options))
    assert (runner or "").endswith(".FnApiRunner") == here
    assert (runner is None) != here


@pytest.mark.parametrize("name", ["threads", "max_batch_size"])
def test_arguments_are_checked(folder, name):
    with pytest.raises(ValueError) as error:
        run_pipeline(Manifest((Number(1),)), folder, **{name: 0})
    assert str(error.value) == (
        f"Invalid value for argument `{name}`. Expected an integer of at least 1. "
        f"Received: {name}=0"
    )


def test_without_beam_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    monkeypatch.delitem(sys.modules, module.__name__)
    with pytest.raises(ValueError) as error:
        importlib.import_module(module.__name__)
    assert str(error.value) == (
        "Running a sweep on several machines needs Apache Beam: pip install 'rwkeras[beam]'"
    )
