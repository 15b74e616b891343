"""Progress bar of a sweep's jobs."""

import sys

from tqdm import tqdm

from rwkeras.sweeps.jobs import Job
from rwkeras.sweeps.store import Failure


class JobProgress:
    """Sweep callback that counts finished jobs and warns of each reason for a failure once.

    Args:
        bar: The progress bar.
    """

    def __init__(self, bar: tqdm):
        self._bar = bar
        self._reasons: set[str] = set()

    def expect(self, jobs: int) -> None:
        """Adds to the number of jobs that the bar is out of."""
        self._bar.total = (self._bar.total or 0) + jobs
        self._bar.refresh()

    def __call__(self, job: Job, failure: Failure | None) -> None:
        """Counts a finished job."""
        if failure is not None and failure.reason not in self._reasons:
            self._reasons.add(failure.reason)
            self._bar.write(f"warning: a job failed: {failure.reason}", file=sys.stderr)
        self._bar.update()
