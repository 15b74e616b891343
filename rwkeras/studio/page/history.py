"""Sections for earlier results and for the queue."""

import functools
from collections.abc import Callable, Hashable

from rwkeras.studio.jobs import Job
from rwkeras.studio.page.elements import Section, button, image, tag
from rwkeras.studio.page.texts import KIND_LABELS, job_description, position_text
from rwkeras.studio.queue import Queue

# Maximum number of results shown; the store may hold more.
_MAX_RESULTS = 48


class History(Section):
    """Earlier results, the latest first.

    Args:
        queue: Queue with the jobs.
        show_job: Shows a job.
    """

    def __init__(self, queue: Queue, show_job: Callable[[Job], None]):
        super().__init__()
        self._queue, self._show_job = queue, show_job

    def _results(self) -> list[Job]:
        return [job for job in reversed(self._queue.jobs()) if job.digest][:_MAX_RESULTS]

    def key(self) -> Hashable:
        """See `Section`."""
        return tuple(job.name for job in self._results())

    def build(self) -> None:
        """See `Section`."""
        results = self._results()
        if not results:
            return
        tag("h2", "History")
        with tag("ul", "", "grid"):
            for job in results:
                with tag("li", "", "history-item"):
                    card = tag(
                        "button",
                        "",
                        "card",
                        type="button",
                        aria_label=f"Show: {job_description(job)}",
                    )
                    card.on("click", functools.partial(self._show_job, job))
                    with card:
                        image(f"/studio/jobs/{job.name}/view.jpg", "", loading="lazy")
                        label = f"{KIND_LABELS[job.recipe.kind]}, seed {job.recipe.seed}"
                        tag("span", label, "caption")
                    button("Remove", functools.partial(self._queue.remove, job.name), "remove",
                           aria_label=f"Remove: {job_description(job)}")  # fmt: skip


class QueueList(Section):
    """Running and waiting jobs, in queue order.

    Args:
        queue: Queue with the jobs.
        show_job: Shows a job.
    """

    def __init__(self, queue: Queue, show_job: Callable[[Job], None]):
        super().__init__()
        self._queue, self._show_job = queue, show_job

    def _pending(self) -> list[tuple[int, Job]]:
        positions = [(self._queue.position(job.name), job) for job in self._queue.jobs()]
        waiting = [(n, job) for n, job in positions if n is not None]
        return sorted(waiting, key=lambda each: each[0])

    def key(self) -> Hashable:
        """See `Section`."""
        return tuple((n, job.name, job.state) for n, job in self._pending())

    def build(self) -> None:
        """See `Section`."""
        pending = self._pending()
        if not pending:
            return
        with tag("details", "", "queue"):
            tag("summary", f"{len(pending)} in the queue")
            with tag("ol"):
                for n, job in pending:
                    with tag("li"):
                        state_text = "running" if n == 0 else position_text(n)
                        label = f"{KIND_LABELS[job.recipe.kind]}, seed {job.recipe.seed}"
                        button(f"{label}: {state_text}", functools.partial(self._show_job, job),
                               "link")  # fmt: skip
                        button("Stop", functools.partial(self._queue.stop, job.name), "remove",
                               aria_label=f"Stop: {job_description(job)}")  # fmt: skip
