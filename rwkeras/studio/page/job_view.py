"""Section of the current job: its progress, then its result compared with the input."""

import functools
from collections.abc import Callable, Hashable
from typing import Any

from PIL import Image

from rwkeras.studio.downloads import MEDIA_TYPES, matches_expected_file
from rwkeras.studio.jobs import FAILED, RUNNING, STOPPED, WAITING, Job
from rwkeras.studio.page.elements import Section, button, image, tag
from rwkeras.studio.page.texts import (
    KIND_DESCRIPTIONS,
    duration_text,
    job_description,
    position_text,
    progress_text,
    settings_texts,
)
from rwkeras.studio.page_state import PageState
from rwkeras.studio.queue import Queue
from rwkeras.studio.store import Store

_FORMAT_LABELS = {"png": "PNG", "jpg": "JPEG", "tif": "TIFF"}


class JobView(Section):
    """The job shown.

    Args:
        state: State of the page.
        store: Store of the job's files.
        queue: Queue that runs the jobs.
        show_job: Shows another job.
    """

    def __init__(
        self, state: PageState, store: Store, queue: Queue, show_job: Callable[[Job], None]
    ):
        super().__init__()
        self._state, self._store, self._queue, self._show_job = state, store, queue, show_job
        self._live_elements: dict[str, Any] = {}

    def key(self) -> Hashable:
        """See `Section`."""
        job = self._state.current_job
        if job is None:
            return (self._state.kind,)
        variations = tuple((each.name, each.state) for each in self._state.variations())
        return self._state.kind, job.name, job.state, self._queue.position(job.name), variations

    def build(self) -> None:
        """See `Section`."""
        job = self._state.current_job
        self._live_elements = {}
        if job is None:
            with tag("div", "", "placeholder"):
                tag("p", KIND_DESCRIPTIONS[self._state.kind], "lead")
                tag("p", "Drop pictures anywhere or choose an example, then start.")
        elif job.state == WAITING:
            with tag("div", "", "placeholder"):
                tag("p", "Waiting", "lead")
                tag(
                    "p",
                    f"This job is {position_text(self._queue.position(job.name) or 0)}.",
                    "",
                    role="status",
                )
                button("Cancel", lambda: self._queue.stop(job.name), "secondary")
        elif job.state == RUNNING:
            self._build_running(job)
        elif job.digest:
            self._build_result(job)
        else:
            has_failed = job.state == FAILED
            with tag("div", "", "placeholder"):
                tag(
                    "p",
                    "Failed" if has_failed else "Stopped before the first result",
                    "lead",
                )
                if job.error:
                    tag("p", job.error, "error", role="alert" if has_failed else None)
        self._build_variations()

    def _build_running(self, job: Job) -> None:
        with tag("figure", "", "canvas"):
            with tag("div", "", "frame"):
                source = f"/studio/pictures/{job.recipe.start or job.recipe.pictures[0]}.jpg"
                preview = image(source, "Current picture", "preview faded")
            with tag("figcaption", "", "running"):
                bar = tag("progress", "", "", max=1, aria_label="Progress")
                text = tag("p", progress_text(None), "time")
                button("Stop", lambda: self._queue.stop(job.name), "stop",
                       title="Keeps the best picture so far")  # fmt: skip
        tag("p", "The picture is being made", "visually-hidden", role="status")
        self._live_elements = {
            "job": job,
            "preview": preview,
            "bar": bar,
            "text": text,
            "preview_count": 0,
        }

    def update_progress(self) -> None:
        """Updates the progress and preview of a running job."""
        if not self._live_elements:
            return
        elements, job = self._live_elements, self._live_elements["job"]
        run_progress = self._queue.progress(job.name)
        if run_progress is None:
            return
        elements["text"].text = progress_text(run_progress)
        elements["bar"].props["value"] = run_progress.iteration / max(1, run_progress.iterations)
        if run_progress.preview_count != elements["preview_count"]:
            elements["preview_count"] = run_progress.preview_count
            elements["preview"].classes(remove="faded")
            elements["preview"].props["src"] = (
                f"/studio/jobs/{job.name}/view.jpg?v={run_progress.preview_count}"
            )

    def _build_result(self, job: Job) -> None:
        width, height = self._picture_size(job)
        with tag("figure", "", "canvas"):
            self._build_comparison(job, width, height)
            with tag("figcaption", "", "done"):
                state = "Stopped" if job.state == STOPPED else "Done"
                text = f"{state} in {duration_text(job.seconds)}, {width} x {height} pixels"
                tag("p", text, "time", role="status")
                self._build_match_badge(job)
                with tag("div", "", "downloads", role="group", aria_label="Download"):
                    for extension in MEDIA_TYPES:
                        self._build_download_link(job, extension, _FORMAT_LABELS[extension])
                    self._build_download_link(job, "json", "Recipe")
        self._build_filmstrip(job)
        with tag("details", "", "run-details"):
            tag("summary", "How it was made")
            with tag("dl"):
                for name, value in settings_texts(job).items():
                    with tag("div"):
                        tag("dt", name)
                        tag("dd", value)

    def _picture_size(self, job: Job) -> tuple[int, int]:
        path = self._store.job_file(job.name, "picture.png")
        if path is None:
            return 1, 1
        with Image.open(path) as picture:
            return picture.size

    def _build_comparison(self, job: Job, width: int, height: int) -> None:
        """Creates the result with a slider that reveals its first input picture."""
        with tag("div", "", "frame compare", style=f"--ratio: {width / height:.4f}"):
            image(f"/studio/jobs/{job.name}/picture.png", job_description(job), "after")
            input_digest = job.recipe.pictures[0]
            image(f"/studio/pictures/{input_digest}.jpg", "Input picture", "before")
            tag("span", "", "divider", aria_hidden="true")
            tag("input", "", "split-slider", type="range", min=0, max=100, step=1, defaultValue=0,
                aria_label="Share of the input picture shown, in percent")  # fmt: skip

    def _build_match_badge(self, job: Job) -> None:
        matches = matches_expected_file(self._store, job)
        if matches is not None:
            message = (
                "Identical to the dropped file" if matches else "Not identical to the dropped file"
            )
            tag("p", message, "badge" if matches else "badge differs")

    def _build_download_link(self, job: Job, extension: str, label: str) -> None:
        tag("a", label, "download", href=f"/studio/results/{job.name}.{extension}", download=True,
            aria_label=f"Download {label}")  # fmt: skip

    def _build_filmstrip(self, job: Job) -> None:
        frames = self._store.filmstrip_frames(job.name)
        if not frames:
            return
        with tag("section", "", "strip", aria_label="Filmstrip"):
            with tag("ol"):
                for file in frames:
                    iteration = int(file.removeprefix("stage-").removesuffix(".jpg"))
                    with tag("li"):
                        image(f"/studio/jobs/{job.name}/{file}", f"After {iteration} iterations")
                        tag("span", str(iteration), "", aria_hidden="true")
            tag("a", "Download filmstrip", "download", download=True,
                href=f"/studio/jobs/{job.name}/strip.jpg")  # fmt: skip

    def _build_variations(self) -> None:
        jobs = self._state.variations()
        if len(jobs) < 2:
            return
        current_job = self._state.current_job
        with tag("section", "", "variations", aria_label="Variations"):
            tag("h2", "Variations")
            with tag("div", "", "grid"):
                for job in jobs:
                    aria_current = (
                        "true" if current_job is not None and job.name == current_job.name else None
                    )
                    card = tag("button", "", "card", type="button", aria_current=aria_current,
                               aria_label=job_description(job))  # fmt: skip
                    card.on("click", functools.partial(self._show_job, job))
                    with card:
                        if job.digest:
                            image(f"/studio/jobs/{job.name}/view.jpg", "")
                        else:
                            tag("span", job.state, "pending")
                        tag("span", f"seed {job.recipe.seed}", "caption")
