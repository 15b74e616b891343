"""What an experiment is given: settings, draws of images and networks, and a runner of jobs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from rwkeras.experiments.images import put_images, put_photographs
from rwkeras.experiments.jobs.inversions import Inversion
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.syntheses import Texture
from rwkeras.experiments.settings import ExperimentSettings
from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.files import FileRef, reference_to
from rwkeras.sweeps.jobs import Job, JobResult, Manifest
from rwkeras.sweeps.local import SweepCallback, SweepResult, run_sweep
from rwkeras.sweeps.pictures import read_picture
from rwkeras.sweeps.store import Store
from rwkeras.tasks.settings import TextureSettings

# Between the seeds of a draw's networks: more than there are draws.
_SEED_STEP = 1000

# Runs a manifest in a folder, telling a callback of each job.
Runner = Callable[[Manifest, str, SweepCallback | None], SweepResult]


def _locally(manifest: Manifest, folder: str, callback: SweepCallback | None) -> SweepResult:
    return run_sweep(manifest, folder, callback=callback)


class Draw(NamedTuple):
    """A sample of the population of images, networks and noises, independent of all others.

    Attributes:
        number: Which it is, from 0.
        name: The image's name.
        image: The image.
        seed: Of its network, its noise and its trainings.
    """

    number: int
    name: str
    image: FileRef
    seed: int

    def again(self, n: int) -> "Draw":
        """Returns the same image with the n-th other seed, 0 being its own."""
        return self._replace(seed=self.seed + n * _SEED_STEP)


@dataclass
class Study:
    """An experiment's means.

    Attributes:
        folder: Where everything goes; any path that `tf.io.gfile` takes. What one experiment has
            done in it serves others.
        settings: How thorough it is.
        paths: Pictures of the user's, by kind: "images", "textures", "styles".
        network: A network to take instead of stacking them, or None.
        weights: Files of trained weights by the network's name.
        runner: How jobs are run.
        callback: Told of each job.
        notes: What could not be done, for the page.
    """

    folder: str
    settings: ExperimentSettings
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)
    network: NetworkSpec | None = None
    weights: Mapping[str, FileRef] = field(default_factory=dict)
    runner: Runner = _locally
    callback: SweepCallback | None = None
    notes: list[str] = field(default_factory=list)
    _photographs: dict[tuple[tuple[str, ...], int], tuple[FileRef, ...]] = field(
        default_factory=dict
    )

    def draws(self, kind: str = "images", *, size: int | None = None) -> list[Draw]:
        """Returns the draws: as many as are asked for, and as there are images.

        Args:
            kind: Of the images: "images", "textures" or "styles".
            size: Their side in pixels; None for the settings'.
        """
        settings = self.settings
        size = size or settings.image_size
        images = put_images(self.folder, kind, self.paths.get(kind, ()), size, settings.samples)
        if len(images) < settings.samples:
            self.note(f"There are {len(images)} {kind}, and no more draws.")
        return [
            Draw(n, name, image, settings.seed + n)
            for n, (name, image) in enumerate(images.items())
        ]

    def photographs(self, names: tuple[str, ...], size: int) -> tuple[FileRef, ...]:
        """Returns photographs by name as squares, written once for all jobs of the study.

        Args:
            names: See `photograph`.
            size: Their side in pixels.
        """
        if (names, size) not in self._photographs:
            written = put_photographs(self.folder, names, size)
            self._photographs[names, size] = tuple(written.values())
        return self._photographs[names, size]

    def picture(self, draw: Draw) -> np.ndarray:
        """Returns a draw's image, float32 RGB in [0, 1], [size, size, 3]."""
        return read_picture(draw.image, self.folder)

    def note(self, text: str) -> None:
        """Adds to what the page has to say besides, once."""
        if text not in self.notes:
            self.notes.append(text)

    def run(self, jobs: Mapping[Any, Job]) -> dict[Any, JobResult]:
        """Runs jobs and returns the results of those that succeeded, by label."""
        ended = self.runner(Manifest(tuple(jobs.values())), self.folder, self.callback)
        for _, failure in ended.failures:
            self.note(f"A job failed: {failure.reason}")
        store = Store(self.folder)
        results = {label: store.read(job) for label, job in jobs.items() if store.done(job)}
        if jobs and not results:
            raise ValueError(f"None of {len(jobs)} jobs has a result: {self.notes[-1]}")
        return results

    def file(self, job: Job, name: str) -> FileRef:
        """Returns a file of the result of a job that was run."""
        store = Store(self.folder)
        return reference_to(store.folder, store.path(job, name))

    @property
    def layers(self) -> tuple[str, ...]:
        """The conv and pooling layers of the architecture, in forward order."""
        return ARCHITECTURES[self.settings.architecture].layers

    @property
    def first_layers(self) -> tuple[str, ...]:
        """The first conv layer of each stage: conv1_1, conv2_1 ..., of strides 1, 2 ..."""
        return tuple(name for name in self.layers if name.endswith("_1"))

    @property
    def pools(self) -> tuple[str, ...]:
        """The poolings of the architecture, of strides 2, 4 ..."""
        return tuple(name for name in self.layers if name.startswith("pool"))

    def optimizer(self, **changes: Any) -> OptimizerSettings:
        """Returns the optimiser's settings, in adaptive coordinates, with changes."""
        settings = self.settings
        given = {
            "max_iterations": settings.max_iterations,
            "memory": settings.memory,
            "parametrization": "adaptive",
            "precision": settings.precision,
        }
        return OptimizerSettings(**{**given, **changes})

    def random(self, draw: Draw, **arguments: Any) -> NetworkSpec:
        """Returns a draw's purely random network, made ready on its image."""
        given = {"name": self.settings.architecture, "reference": draw.image, "seed": draw.seed}
        return NetworkSpec(**{**given, **arguments})

    def inversion(
        self,
        network: NetworkSpec,
        draw: Draw,
        layer: str,
        *,
        parametrization: str = "adaptive",
        iterations: int | None = None,
        report_every: int = OptimizerSettings.report_every,
        **arguments: Any,
    ) -> Inversion:
        """Returns the inversion of a draw's image.

        Args:
            network: The network.
            draw: The draw, for image and noise.
            layer: The layer's name.
            parametrization: The coordinates; "adaptive" are the best there are, "pixels" the
                papers'.
            iterations: How many; None for the settings'.
            report_every: How often the course is noted.
            **arguments: See `Inversion`.
        """
        optimizer = self.optimizer(
            parametrization=parametrization,
            max_iterations=iterations or self.settings.max_iterations,
            report_every=report_every,
        )
        return Inversion(
            network, draw.image, layer, seed=draw.seed, optimizer=optimizer, **arguments
        )

    def texture(self, network: NetworkSpec, draw: Draw, layers: tuple[str, ...]) -> Texture:
        """Returns the synthesis of a draw's texture over pixels, as in the papers."""
        optimizer = self.optimizer(parametrization="pixels")
        settings = TextureSettings(layers, scales=None, seed=draw.seed)
        return Texture(network, draw.image, settings, optimizer)
