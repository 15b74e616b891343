"""Runner of the experiments' jobs in tests."""

from rwkeras.sweeps.local import SweepResult
from rwkeras.sweeps.store import run_job


def run_in_process(manifest, folder, callback):
    """Runs jobs in this process, those that share a network or compiled functions in a row."""
    by_network: dict = {}
    for job in manifest.jobs:
        by_network.setdefault(job.affinity[0], {}).setdefault(job.affinity, []).append(job)
    jobs = [
        job for of_network in by_network.values() for each in of_network.values() for job in each
    ]
    failures = [(job, failure) for job in jobs if (failure := run_job(job, folder))]
    return SweepResult(len(manifest) - len(failures), tuple(failures))
