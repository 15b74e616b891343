"""Sections for earlier results and for the queue."""

import functools
from collections.abc import Callable, Hashable

from rwkeras.studio.jobs import Job
from rwkeras.studio.page.elements import Section, button, picture, tag
from rwkeras.studio.page.words import KINDS, described, place
from rwkeras.studio.queue import Queue

# Maximum number of results shown; the store may hold more.
_SHOWN = 48


class History(Section):
    """Earlier results, the latest first.

    Args:
        queue: Queue with the jobs.
        show: Shows a job.
    """

    def __init__(self, queue: Queue, show: Callable[[Job], None]):
        super().__init__()
        self._queue, self._show = queue, show

    def _results(self) -> list[Job]:
        return [job for job in reversed(self._queue.jobs()) if job.digest][:_SHOWN]

    def key(self) -> Hashable:
        """See `Section`."""
        return tuple(job.name for job in self._results())

    def fill(self) -> None:
        """See `Section`."""
        results = self._results()
        if not results:
            return
        tag("h2", "Made before")
        with tag("ul", "", "grid"):
            for job in results:
                with tag("li", "", "kept"):
                    card = tag(
                        "button", "", "card", type="button", aria_label=f"Show: {described(job)}"
                    )
                    card.on("click", functools.partial(self._show, job))
                    with card:
                        picture(f"/studio/jobs/{job.name}/view.jpg", "", loading="lazy")
                        tag("span", f"{KINDS[job.recipe.kind]}, seed {job.recipe.seed}", "caption")
                    button("Remove", functools.partial(self._queue.remove, job.name), "remove",
                           aria_label=f"Remove: {described(job)}")  # fmt: skip


class Waiting(Section):
    """Running and waiting jobs, in queue order.

    Args:
        queue: Queue with the jobs.
        show: Shows a job.
    """

    def __init__(self, queue: Queue, show: Callable[[Job], None]):
        super().__init__()
        self._queue, self._show = queue, show

    def _pending(self) -> list[tuple[int, Job]]:
        places = [(self._queue.position(job.name), job) for job in self._queue.jobs()]
        found = [(n, job) for n, job in places if n is not None]
        return sorted(found, key=lambda each: each[0])

    def key(self) -> Hashable:
        """See `Section`."""
        return tuple((n, job.name, job.state) for n, job in self._pending())

    def fill(self) -> None:
        """See `Section`."""
        pending = self._pending()
        if not pending:
            return
        with tag("details", "", "queue"):
            tag("summary", f"{len(pending)} in the queue")
            with tag("ol"):
                for n, job in pending:
                    with tag("li"):
                        words = "running" if n == 0 else place(n)
                        button(f"{KINDS[job.recipe.kind]}, seed {job.recipe.seed}: {words}",
                               functools.partial(self._show, job), "link")  # fmt: skip
                        button("Stop", functools.partial(self._queue.stop, job.name), "remove",
                               aria_label=f"Stop: {described(job)}")  # fmt: skip
