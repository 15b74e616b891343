"""Runner of the experiments' jobs in tests."""

from rwkeras.sweeps.local import SweepResult
from rwkeras.sweeps.store import run_job


def here(manifest, folder, callback):
    """Runs jobs in this process, those that share a network or compiled functions in a row."""
    alike: dict = {}
    for job in manifest.jobs:
        alike.setdefault(job.affinity[0], {}).setdefault(job.affinity, []).append(job)
    jobs = [job for of_network in alike.values() for each in of_network.values() for job in each]
    failures = [(job, failure) for job in jobs if (failure := run_job(job, folder))]
    return SweepResult(len(manifest) - len(failures), tuple(failures))
