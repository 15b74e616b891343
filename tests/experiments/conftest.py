"""How experiments run their jobs in tests."""

from rwkeras.sweeps.local import SweepResult
from rwkeras.sweeps.store import run_job


def here(manifest, folder, callback):
    """Runs jobs in this process, which has TensorFlow and its networks at hand."""
    failures = [(job, failure) for job in manifest.jobs if (failure := run_job(job, folder))]
    return SweepResult(len(manifest) - len(failures), tuple(failures))
