"""Sample files, settings and recipes of the studio's tests, and a fake job runner."""

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


def studio_settings(folder, **settings):
    return StudioSettings(folder=str(folder), **settings)


def recipe(**values):
    return Recipe("style", DIGESTS[:2], **values)


class FakeJobRunner:
    """A job runner that needs no network.

    Args:
        blocking: Whether each job runs until `release` is set or it is stopped.
        error: Exception that each job raises.
    """

    def __init__(self, *, blocking=False, error=None):
        self.blocking, self.error = blocking, error
        self.release, self.started = threading.Event(), threading.Event()
        self.done: list[Recipe] = []

    def __call__(self, item, report):
        self.started.set()
        iteration = 0
        while self.blocking and not self.release.wait(0.01):
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
