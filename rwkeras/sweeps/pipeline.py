"""A sweep on many machines, as an Apache Beam pipeline."""

import functools
from collections.abc import Hashable, Iterator, Sequence

from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import Job, Manifest, job_key
from rwkeras.sweeps.manifest import put_manifest, read_manifest
from rwkeras.sweeps.store import Failure, Store, SweepCallback, SweepResult
from rwkeras.sweeps.worker import Worker
from rwkeras.validation import checked_number

try:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
except ModuleNotFoundError as error:
    raise ValueError(
        "To run a sweep on many machines takes Apache Beam: pip install 'rwkeras[beam]'"
    ) from error

# Why a job has no result that was not begun, or was lost with its machine.
_LOST = Failure("the pipeline ended without it")

# The runner of this machine.
_HERE = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"

_jobs = functools.lru_cache(maxsize=1)(read_manifest)


class _RunSome(beam.DoFn):
    """Runs some jobs of a manifest, given by their places in it.

    Each copy that a runner makes of it, one for each core or slot, has a process of its own for the
    jobs: a runner may call several from threads of one process, and few runners survive that a job
    takes their process down.

    Args:
        folder: The sweep's folder.
        manifest: The jobs.
        threads: How many threads TensorFlow computes with in each process.
    """

    def __init__(self, folder: str, manifest: FileRef, threads: int):
        self._folder, self._manifest, self._threads = folder, manifest, threads
        self._done = beam.metrics.Metrics.counter("rwkeras.sweep", "done")
        self._failed = beam.metrics.Metrics.counter("rwkeras.sweep", "failed")

    def setup(self) -> None:
        """Starts a worker process."""
        self._worker = Worker(self._folder, self._threads)

    def process(self, element: Sequence[int]) -> Iterator[tuple[str, str]]:
        """Yields the key of each job that failed, and why."""
        jobs, store = _jobs(self._manifest, self._folder).jobs, Store(self._folder)
        for job in (jobs[place] for place in element):
            # What was done by an attempt that the runner repeats needs no process.
            failure = None if store.done(job) else self._worker.run(job)
            (self._done if failure is None else self._failed).inc()
            if failure is not None:
                yield job_key(job), failure.reason

    def teardown(self) -> None:
        """Ends the worker process."""
        self._worker.end()


class RunJobs(beam.PTransform):
    """Runs the jobs of a sweep that have no result yet; gives (key, reason) of those that fail.

    Counters "done" and "failed" of "rwkeras.sweep" are Beam metrics.

    Args:
        manifest: The jobs.
        folder: The sweep's folder; any path that `tf.io.gfile` takes on every machine.
        threads: How many threads TensorFlow computes with for each job.
        together: At most so many jobs with the same network and layer are given to a worker at
            once, which makes the network and compiles for the layer once for them.
    """

    def __init__(self, manifest: Manifest, folder: str, *, threads: int = 1, together: int = 4):
        super().__init__()
        threads = checked_number("threads", threads, integer=True, minimum=1)
        together = checked_number("together", together, integer=True, minimum=1)
        self._folder, self._threads = folder, threads
        self._manifest = put_manifest(folder, manifest)
        alike: dict[Hashable, list[int]] = {}
        store = Store(folder)
        for place, job in enumerate(manifest.jobs):
            if not store.done(job):
                alike.setdefault(job.affinity, []).append(place)
        # Places, and not jobs, which would make a large sweep too large a pipeline to submit.
        self._elements = [
            tuple(places[first : first + together])
            for places in alike.values()
            for first in range(0, len(places), together)
        ]

    def expand(self, input_or_inputs: beam.pvalue.PBegin) -> beam.PCollection:
        """Returns the failures."""
        return (
            input_or_inputs
            | "Jobs" >> beam.Create(self._elements)
            | "Share out" >> beam.Reshuffle()
            | "Run" >> beam.ParDo(_RunSome(self._folder, self._manifest, self._threads))
        )


def _runner(options: PipelineOptions) -> str | None:
    """Returns the runner's name, or None for that of the options.

    What Beam calls DirectRunner first looks for another one on the net, to which the options
    `--direct_num_workers` and `--direct_running_mode` say nothing. Without a net it is FnApiRunner.
    """
    name = options.view_as(StandardOptions).runner
    return _HERE if (name or "direct").lower() in ("direct", "directrunner") else None


def run_pipeline(
    manifest: Manifest,
    folder: str,
    options: PipelineOptions | Sequence[str] = (),
    *,
    threads: int = 1,
    together: int = 4,
    callback: SweepCallback | None = None,
) -> SweepResult:
    """Runs the jobs of a sweep that have no result yet, as an Apache Beam pipeline.

    As in `run_sweep`, a job that fails, or whose process dies, is recorded with its reason, and the
    others go on; what is whole is not done again, by no run and no attempt. The same jobs on the
    same kind of processor with as many threads give the same bytes there and here.

    Args:
        manifest: The jobs.
        folder: The sweep's folder; any path that `tf.io.gfile` takes on every machine.
        options: Beam's, such as ["--runner=FlinkRunner", "--flink_master=..."]; by default Beam's
            DirectRunner. Workers need this package: `--setup_file` or `--sdk_container_image`.
        threads: See `RunJobs`. One suits the usual runners, which call a worker for each core.
        together: See `RunJobs`.
        callback: Called for each job that was done before, and, once the pipeline has ended, for
            each that was not.

    Returns:
        A `SweepResult`.

    Raises:
        ValueError: An argument cannot be used.
    """
    store = Store(folder)
    left = store.waiting(manifest, callback)
    failures: list[tuple[Job, Failure]] = []
    if left:
        if not isinstance(options, PipelineOptions):
            options = PipelineOptions(list(options))
        pipeline = beam.Pipeline(_runner(options), options)
        pipeline | "Sweep" >> RunJobs(manifest, folder, threads=threads, together=together)
        pipeline.run().wait_until_finish()
    for job in left:
        failure = None if store.done(job) else store.failure(job) or _LOST
        if failure is not None:
            failures.append((job, failure))
        if callback is not None:
            callback(job, failure)
    return SweepResult(len(manifest) - len(failures), tuple(failures))
