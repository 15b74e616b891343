"""Section of the current job: its progress, then its result compared with the input."""

import functools
from collections.abc import Callable, Hashable
from typing import Any

from PIL import Image

from rwkeras.studio.downloads import MEDIA_TYPES, matches_expected_file
from rwkeras.studio.jobs import FAILED, RUNNING, STOPPED, WAITING, Job
from rwkeras.studio.page.elements import Section, button, picture, tag
from rwkeras.studio.page.words import (
    INVITATION,
    described,
    duration,
    place,
    progress_text,
    settings,
)
from rwkeras.studio.page_state import PageState
from rwkeras.studio.queue import Queue
from rwkeras.studio.store import Store

_LABELS = {"png": "PNG", "jpg": "JPEG", "tif": "TIFF"}


class Stage(Section):
    """The job shown.

    Args:
        state: State of the page.
        store: Store of the job's files.
        queue: Queue that runs the jobs.
        show: Shows another job.
    """

    def __init__(self, state: PageState, store: Store, queue: Queue, show: Callable[[Job], None]):
        super().__init__()
        self._state, self._store, self._queue, self._show = state, store, queue, show
        self._live: dict[str, Any] = {}

    def key(self) -> Hashable:
        """See `Section`."""
        job = self._state.current_job
        if job is None:
            return (self._state.kind,)
        others = tuple((each.name, each.state) for each in self._state.variations())
        return self._state.kind, job.name, job.state, self._queue.position(job.name), others

    def fill(self) -> None:
        """See `Section`."""
        job = self._state.current_job
        self._live = {}
        if job is None:
            with tag("div", "", "empty"):
                tag("p", INVITATION[self._state.kind], "lead")
                tag("p", "Drop pictures anywhere, or take an example, and begin.")
        elif job.state == WAITING:
            with tag("div", "", "empty"):
                tag("p", "Waiting", "lead")
                tag(
                    "p",
                    f"This one is {place(self._queue.position(job.name) or 0)}.",
                    "",
                    role="status",
                )
                button("Take it out", lambda: self._queue.stop(job.name), "quiet")
        elif job.state == RUNNING:
            self._running(job)
        elif job.digest:
            self._result(job)
        else:
            failed = job.state == FAILED
            with tag("div", "", "empty"):
                tag(
                    "p",
                    "Failed" if failed else "Stopped before there was anything",
                    "lead",
                )
                if job.error:
                    tag("p", job.error, "error", role="alert" if failed else None)
        self._variations()

    def _running(self, job: Job) -> None:
        with tag("figure", "", "canvas"):
            with tag("div", "", "frame"):
                source = f"/studio/pictures/{job.recipe.start or job.recipe.pictures[0]}.jpg"
                live = picture(source, "The picture as it is now", "live faint")
            with tag("figcaption", "", "running"):
                bar = tag("progress", "", "", max=1, aria_label="How much is done")
                words = tag("p", progress_text(None), "time")
                button("Stop", lambda: self._queue.stop(job.name), "stop",
                       title="Keeps the best picture so far")  # fmt: skip
        tag("p", "The picture is being made", "unseen", role="status")
        self._live = {"job": job, "image": live, "bar": bar, "words": words, "preview_count": 0}

    def tick(self) -> None:
        """Updates the progress and preview of a running job."""
        if not self._live:
            return
        live, job = self._live, self._live["job"]
        run_progress = self._queue.progress(job.name)
        if run_progress is None:
            return
        live["words"].text = progress_text(run_progress)
        live["bar"].props["value"] = run_progress.iteration / max(1, run_progress.iterations)
        if run_progress.preview_count != live["preview_count"]:
            live["preview_count"] = run_progress.preview_count
            live["image"].classes(remove="faint")
            live["image"].props["src"] = (
                f"/studio/jobs/{job.name}/view.jpg?v={run_progress.preview_count}"
            )

    def _result(self, job: Job) -> None:
        width, height = self._size(job)
        with tag("figure", "", "canvas"):
            self._compare(job, width, height)
            with tag("figcaption", "", "done"):
                state = "Stopped" if job.state == STOPPED else "Done"
                tag("p", f"{state} in {duration(job.seconds)}, {width} x {height} pixels", "time",
                    role="status")  # fmt: skip
                self._same(job)
                with tag("div", "", "downloads", role="group", aria_label="Download"):
                    for extension in MEDIA_TYPES:
                        self._link(job, extension, _LABELS[extension])
                    self._link(job, "json", "Recipe")
        self._filmstrip(job)
        with tag("details", "", "made"):
            tag("summary", "How it was made")
            with tag("dl"):
                for name, value in settings(job).items():
                    with tag("div"):
                        tag("dt", name)
                        tag("dd", value)

    def _size(self, job: Job) -> tuple[int, int]:
        path = self._store.job_file(job.name, "picture.png")
        if path is None:
            return 1, 1
        with Image.open(path) as image:
            return image.size

    def _compare(self, job: Job, width: int, height: int) -> None:
        """Creates the result with a slider that reveals its first input picture."""
        with tag("div", "", "frame compare", style=f"--ratio: {width / height:.4f}"):
            picture(f"/studio/jobs/{job.name}/picture.png", described(job), "after")
            before = job.recipe.pictures[0]
            picture(f"/studio/pictures/{before}.jpg", "What it was made of", "before")
            tag("span", "", "edge", aria_hidden="true")
            tag("input", "", "cut", type="range", min=0, max=100, step=1, defaultValue=0,
                aria_label="How much of the picture before is shown, in percent")  # fmt: skip

    def _same(self, job: Job) -> None:
        same = matches_expected_file(self._store, job)
        if same is not None:
            words = "The same file, to the byte" if same else "Not the bytes of the file dropped"
            tag("p", words, "badge" if same else "badge differs")

    def _link(self, job: Job, extension: str, label: str) -> None:
        tag("a", label, "download", href=f"/studio/results/{job.name}.{extension}", download=True,
            aria_label=f"Download {label}")  # fmt: skip

    def _filmstrip(self, job: Job) -> None:
        frames = self._store.filmstrip_frames(job.name)
        if not frames:
            return
        with tag("section", "", "strip", aria_label="Filmstrip"):
            with tag("ol"):
                for file in frames:
                    iteration = int(file.removeprefix("stage-").removesuffix(".jpg"))
                    with tag("li"):
                        picture(f"/studio/jobs/{job.name}/{file}", f"After {iteration} iterations")
                        tag("span", str(iteration), "", aria_hidden="true")
            tag("a", "Filmstrip as a picture", "download", download=True,
                href=f"/studio/jobs/{job.name}/strip.jpg")  # fmt: skip

    def _variations(self) -> None:
        jobs = self._state.variations()
        if len(jobs) < 2:
            return
        shown = self._state.current_job
        with tag("section", "", "variations", aria_label="Variations"):
            tag("h2", "Variations")
            with tag("div", "", "grid"):
                for job in jobs:
                    current = "true" if shown is not None and job.name == shown.name else None
                    card = tag("button", "", "card", type="button", aria_current=current,
                               aria_label=described(job))  # fmt: skip
                    card.on("click", functools.partial(self._show, job))
                    with card:
                        if job.digest:
                            picture(f"/studio/jobs/{job.name}/view.jpg", "")
                        else:
                            tag("span", job.state, "pending")
                        tag("span", f"seed {job.recipe.seed}", "caption")
