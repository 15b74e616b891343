"""What tests of the studio share: pictures as files, and a doer of jobs that needs no network."""

import dataclasses
import io
import threading

import numpy as np
from PIL import Image

import rwkeras
from rwkeras.studio.interface import RunProgress, RunResult
from rwkeras.studio.recipes import Recipe
from rwkeras.studio.settings import StudioSettings
from tests.conftest import waves

DIGESTS = tuple(character * 64 for character in "abc")


def png(seed=0, size=(24, 16)):
    """Returns the bytes of a small picture."""
    image = np.rint(np.roll(waves(*size), seed, axis=1) * 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def small(folder, **settings):
    return StudioSettings(folder=str(folder), **settings)


def recipe(**values):
    return Recipe("style", DIGESTS[:2], **values)


class Doer:
    """Does jobs as it is told: it waits for `go` unless it is to go by itself.

    Args:
        waits: Whether each job waits for `go`.
        error: What it fails of.
    """

    def __init__(self, *, waits=False, error=None):
        self.waits, self.error = waits, error
        self.go, self.begun = threading.Event(), threading.Event()
        self.done: list[Recipe] = []

    def __call__(self, item, report):
        self.begun.set()
        iteration = 0
        while self.waits and not self.go.wait(0.01):
            iteration += 5
            if report(RunProgress(iteration, 100, 1.0, iteration)):
                stopped = dataclasses.replace(item.recipe, stop=(iteration, iteration + 1))
                return self._result(item, stopped, stopped=True)
        if self.error is not None:
            raise self.error
        return self._result(item, item.recipe, stopped=False)

    def _result(self, item, recipe, *, stopped):
        self.done.append(recipe)
        image = np.full((16, 16, 3), (recipe.seed % 256) / 255, np.float32)
        rwkeras.write_image(item.folder / "picture.png", image, comment=recipe.to_json())
        return RunResult(recipe, stopped, 0.5)
