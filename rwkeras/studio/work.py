"""Runs one job: the recipe, previews during the run, and the files in the job's folder."""

import dataclasses
import time

import numpy as np

from rwkeras.images.filmstrip import Filmstrip
from rwkeras.images.reading import fit_longer_side
from rwkeras.images.writing import contact_sheet, write_image
from rwkeras.optimizers.settings import Progress
from rwkeras.studio.performing import Moment, Outcome, Report, Work
from rwkeras.studio.pictures import VIEW_SIDE, write_view
from rwkeras.studio.remaining import Remaining
from rwkeras.studio.tasks import (
    REPORT_EVERY,
    Sources,
    finishing,
    read_sources,
    run_here,
    run_served,
    stretches,
)

# Minimum seconds between previews, and longer side of filmstrip frames in pixels.
_VIEW_SECONDS, _STAGE_SIDE = 0.8, 160


class _Watch:
    """Callback that writes previews and filmstrip frames, and stops the run when asked to.

    A stopped run is reproducible only if it stops at an iteration where every run of its recipe
    calls back. A run resumed from a checkpoint also calls back right after the resumption, so a
    stop request takes effect only at iterations where an uninterrupted run calls back as well.
    """

    def __init__(self, work: Work, sources: Sources, report: Report):
        self._work, self._report = work, report
        self._finish = finishing(work.recipe, sources)
        self._remaining = Remaining(stretches(work.recipe, sources))
        self._strip = Filmstrip()
        self._views, self._written = 0, -np.inf
        self.stop: tuple[int, int] | None = None
        self.asked = False

    def __call__(self, progress: Progress) -> bool:
        now = time.monotonic()

        def shown() -> np.ndarray:
            return self._finish(progress.images[0].numpy())

        self._strip.record(progress.iteration, shown)
        if now - self._written >= _VIEW_SECONDS:
            write_view(self._work.folder / "view.jpg", shown(), VIEW_SIDE)
            self._views, self._written = self._views + 1, now
        left = self._remaining.seconds(progress.iteration, now)
        moment = Moment(progress.iteration, progress.max_iterations, left, self._views)
        here = progress.iteration, progress.evaluations
        self.asked = self._report(moment) or self.asked
        planned = self._work.recipe.stop
        reported = self._remaining.is_reported(progress.iteration, REPORT_EVERY)
        asked = self.asked and reported and progress.iteration > 0
        if asked or (planned is not None and here >= planned):
            self.stop = here
            return True
        return False

    def end(self, image: np.ndarray) -> None:
        """Writes the filmstrip and its frames, the last of which is the final picture."""
        stages = [(label, _small(stage)) for label, stage in self._strip.frames(image)]
        write_image(self._work.folder / "strip.jpg", contact_sheet([stages]))
        for label, stage in stages:
            iteration = int(label.removeprefix("iteration "))
            write_view(self._work.folder / f"stage-{iteration:06d}.jpg", stage)


def _small(stage: np.ndarray) -> np.ndarray:
    pixels = stage.astype(np.float32) / 255
    return fit_longer_side(pixels, min(_STAGE_SIDE, max(pixels.shape[:2])))


def do_work(work: Work, report: Report) -> Outcome:
    """Runs a job and writes the picture, a preview and, for local runs, a filmstrip to its folder.

    Args:
        work: The work item.
        report: Called with the progress.

    Raises:
        ValueError: The recipe cannot be run.
        Left: Raised by `report`; the state of the run is in the folder.
    """
    begun = time.monotonic()
    sources = read_sources(work.recipe, work.paths)
    if work.endpoint is not None:
        served = run_served(work.recipe, sources, work.endpoint)
        recipe, stopped = dataclasses.replace(work.recipe, served=served.model), False
        image = finishing(recipe, sources)(served.image)
    else:
        watch = _Watch(work, sources, report)
        result = run_here(work.recipe, sources, work.paths, work.folder / "checkpoint", watch)
        recipe, stopped = dataclasses.replace(work.recipe, stop=watch.stop), watch.asked
        image = finishing(recipe, sources)(result.image)
        watch.end(image)
    write_image(
        work.folder / "picture.png",
        image,
        icc_profile=sources.icc_profile,
        comment=recipe.text(),
    )
    write_view(work.folder / "view.jpg", image, max(image.shape[:2]))
    return Outcome(recipe, stopped, time.monotonic() - begun)
