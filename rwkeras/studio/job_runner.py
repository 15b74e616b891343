"""Runs one job: the recipe, previews during the run, and the files in the job's folder."""

import dataclasses
import time

import numpy as np

from rwkeras.images.filmstrip import Filmstrip
from rwkeras.images.reading import fit_longer_side
from rwkeras.images.writing import contact_sheet, write_image
from rwkeras.optimizers.settings import Progress
from rwkeras.studio.interface import ProgressCallback, RunProgress, RunResult, WorkItem
from rwkeras.studio.pictures import PREVIEW_SIDE, write_preview
from rwkeras.studio.remaining_time import RemainingTime
from rwkeras.studio.tasks import (
    REPORT_EVERY,
    Sources,
    postprocessing,
    read_sources,
    run_locally,
    run_segments,
    run_served,
)

# Minimum seconds between previews, and longer side of filmstrip frames in pixels.
_PREVIEW_SECONDS, _FRAME_SIDE = 0.8, 160


class _RunMonitor:
    """Callback that writes previews and filmstrip frames, and stops the run when asked to.

    A stopped run is reproducible only if it stops at an iteration where every run of its recipe
    calls back. A run resumed from a checkpoint also calls back right after the resumption, so a
    stop request takes effect only at iterations where an uninterrupted run calls back as well.
    """

    def __init__(self, item: WorkItem, sources: Sources, report: ProgressCallback):
        self._item, self._report = item, report
        self._postprocess = postprocessing(item.recipe, sources)
        self._remaining = RemainingTime(run_segments(item.recipe, sources))
        self._filmstrip = Filmstrip()
        self._preview_count, self._preview_time = 0, -np.inf
        self.stop: tuple[int, int] | None = None
        self.stop_requested = False

    def __call__(self, progress: Progress) -> bool:
        now = time.monotonic()

        def current_image() -> np.ndarray:
            return self._postprocess(progress.images[0].numpy())

        self._filmstrip.record(progress.iteration, current_image)
        if now - self._preview_time >= _PREVIEW_SECONDS:
            write_preview(self._item.folder / "view.jpg", current_image(), PREVIEW_SIDE)
            self._preview_count, self._preview_time = self._preview_count + 1, now
        seconds_left = self._remaining.seconds_left(progress.iteration, now)
        run_progress = RunProgress(
            progress.iteration, progress.max_iterations, seconds_left, self._preview_count
        )
        position = progress.iteration, progress.evaluations
        self.stop_requested = self._report(run_progress) or self.stop_requested
        planned_stop = self._item.recipe.stop
        is_report = self._remaining.is_report_iteration(progress.iteration, REPORT_EVERY)
        stops = self.stop_requested and is_report and progress.iteration > 0
        if stops or (planned_stop is not None and position >= planned_stop):
            self.stop = position
            return True
        return False

    def write_filmstrip(self, image: np.ndarray) -> None:
        """Writes the filmstrip and its frames, the last of which is the final picture."""
        frames = [(label, _thumbnail(frame)) for label, frame in self._filmstrip.frames(image)]
        write_image(self._item.folder / "strip.jpg", contact_sheet([frames]))
        for label, frame in frames:
            iteration = int(label.removeprefix("iteration "))
            write_preview(self._item.folder / f"stage-{iteration:06d}.jpg", frame)


def _thumbnail(frame: np.ndarray) -> np.ndarray:
    pixels = frame.astype(np.float32) / 255
    return fit_longer_side(pixels, min(_FRAME_SIDE, max(pixels.shape[:2])))


def run_job(item: WorkItem, report: ProgressCallback) -> RunResult:
    """Runs a job and writes the picture, a preview and, for local runs, a filmstrip to its folder.

    Args:
        item: The work item.
        report: Called with the progress.

    Raises:
        ValueError: The recipe cannot be run.
        Abandoned: Raised by `report`; the state of the run is in the folder.
    """
    started = time.monotonic()
    sources = read_sources(item.recipe, item.paths)
    if item.endpoint is not None:
        served = run_served(item.recipe, sources, item.endpoint)
        recipe, stopped = dataclasses.replace(item.recipe, served=served.model), False
        image = postprocessing(recipe, sources)(served.image)
    else:
        monitor = _RunMonitor(item, sources, report)
        result = run_locally(item.recipe, sources, item.paths, item.folder / "checkpoint", monitor)
        recipe, stopped = (
            dataclasses.replace(item.recipe, stop=monitor.stop),
            monitor.stop_requested,
        )
        image = postprocessing(recipe, sources)(result.image)
        monitor.write_filmstrip(image)
    write_image(
        item.folder / "picture.png",
        image,
        icc_profile=sources.icc_profile,
        comment=recipe.to_json(),
    )
    write_preview(item.folder / "view.jpg", image, max(image.shape[:2]))
    return RunResult(recipe, stopped, time.monotonic() - started)
