"""Sweeps on many machines, as Apache Beam pipelines."""

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
        "Running a sweep on several machines needs Apache Beam: pip install 'rwkeras[beam]'"
    ) from error

# Failure of a job that was not started, or was lost with its machine.
_NO_RESULT = Failure("the pipeline ended without a result")

# Beam's local runner.
_LOCAL_RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"

_cached_manifest = functools.lru_cache(maxsize=1)(read_manifest)


class _RunJobsFn(beam.DoFn):
    """Runs some jobs of a manifest, given by their indices.

    Each copy that a runner makes of this DoFn, one per core or slot, has its own worker process: a
    runner may call several copies from threads of one process, and few runners survive a job that
    kills their process.

    Args:
        folder: The sweep's folder.
        manifest: Reference of the manifest.
        threads: Number of TensorFlow threads of each process.
    """

    def __init__(self, folder: str, manifest: FileRef, threads: int):
        self._folder, self._manifest, self._threads = folder, manifest, threads
        self._done = beam.metrics.Metrics.counter("rwkeras.sweep", "done")
        self._failed = beam.metrics.Metrics.counter("rwkeras.sweep", "failed")

    def setup(self) -> None:
        """Creates the worker; its process starts with the first job."""
        self._worker = Worker(self._folder, self._threads)

    def process(self, element: Sequence[int]) -> Iterator[tuple[str, str]]:
        """Yields the key and the reason of each job that failed."""
        jobs, store = _cached_manifest(self._manifest, self._folder).jobs, Store(self._folder)
        for job in (jobs[index] for index in element):
            # The runner may repeat an attempt, some of whose jobs were done.
            failure = None if store.done(job) else self._worker.run(job)
            (self._done if failure is None else self._failed).inc()
            if failure is not None:
                yield job_key(job), failure.reason

    def teardown(self) -> None:
        """Ends the worker process."""
        self._worker.terminate()


class RunJobs(beam.PTransform):
    """Runs the jobs of a sweep that have no result yet; returns (key, reason) of those that fail.

    The counters "done" and "failed" of the namespace "rwkeras.sweep" are Beam metrics.

    Args:
        manifest: The jobs.
        folder: The sweep's folder; any path that `tf.io.gfile` takes on every machine.
        threads: Number of TensorFlow threads for each job.
        max_batch_size: Maximum number of jobs with the same affinity, such as network and layer, in
            one element of the pipeline. A worker builds and compiles once for all of them.
    """

    def __init__(
        self, manifest: Manifest, folder: str, *, threads: int = 1, max_batch_size: int = 4
    ):
        super().__init__()
        threads = checked_number("threads", threads, integer=True, minimum=1)
        max_batch_size = checked_number("max_batch_size", max_batch_size, integer=True, minimum=1)
        self._folder, self._threads = folder, threads
        self._manifest = put_manifest(folder, manifest)
        by_affinity: dict[Hashable, list[int]] = {}
        store = Store(folder)
        for index, job in enumerate(manifest.jobs):
            if not store.done(job):
                by_affinity.setdefault(job.affinity, []).append(index)
        # Indices instead of jobs: a large sweep's pipeline would otherwise be too large to submit.
        self._elements = [
            tuple(indices[first : first + max_batch_size])
            for indices in by_affinity.values()
            for first in range(0, len(indices), max_batch_size)
        ]

    def expand(self, input_or_inputs: beam.pvalue.PBegin) -> beam.PCollection:
        """Returns the failures, (key, reason)."""
        return (
            input_or_inputs
            | "Jobs" >> beam.Create(self._elements)
            | "Share out" >> beam.Reshuffle()
            | "Run" >> beam.ParDo(_RunJobsFn(self._folder, self._manifest, self._threads))
        )


def _local_runner(options: PipelineOptions) -> str | None:
    """Returns the local runner's name if the options name DirectRunner or none; otherwise None.

    Beam's DirectRunner first looks for another runner on the network, which ignores the options
    `--direct_num_workers` and `--direct_running_mode`. Offline it is FnApiRunner.
    """
    name = options.view_as(StandardOptions).runner
    return _LOCAL_RUNNER if (name or "direct").lower() in ("direct", "directrunner") else None


def run_pipeline(
    manifest: Manifest,
    folder: str,
    options: PipelineOptions | Sequence[str] = (),
    *,
    threads: int = 1,
    max_batch_size: int = 4,
    callback: SweepCallback | None = None,
) -> SweepResult:
    """Runs the jobs of a sweep that have no result yet, as an Apache Beam pipeline.

    As in `run_sweep`, the failure of a job, or the death of its process, is recorded with its
    reason, and the other jobs continue. Complete results are kept, both by later runs and by
    repeated attempts. With the same kind of processor and the same number of threads, results have
    the same bytes as those of `run_sweep`.

    Args:
        manifest: The jobs.
        folder: The sweep's folder; any path that `tf.io.gfile` takes on every machine.
        options: Beam's options, such as ["--runner=FlinkRunner", "--flink_master=..."]; by default
            its local runner. Workers need this package: `--setup_file` or `--sdk_container_image`.
        threads: See `RunJobs`. 1 suits the usual runners, which use one worker per core.
        max_batch_size: See `RunJobs`.
        callback: Called for each job that was done before, and for each other job once the pipeline
            has ended.

    Returns:
        A `SweepResult`.

    Raises:
        ValueError: An argument cannot be used.
    """
    store = Store(folder)
    pending = store.pending(manifest, callback)
    failures: list[tuple[Job, Failure]] = []
    if pending:
        if not isinstance(options, PipelineOptions):
            options = PipelineOptions(list(options))
        pipeline = beam.Pipeline(_local_runner(options), options)
        pipeline | "Sweep" >> RunJobs(
            manifest, folder, threads=threads, max_batch_size=max_batch_size
        )
        pipeline.run().wait_until_finish()
    for job in pending:
        failure = None if store.done(job) else store.failure(job) or _NO_RESULT
        if failure is not None:
            failures.append((job, failure))
        if callback is not None:
            callback(job, failure)
    return SweepResult(len(manifest) - len(failures), tuple(failures))
