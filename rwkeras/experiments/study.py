"""Context of an experiment: settings, draws of images and networks, and a runner of jobs."""

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

# Step between the seeds of a draw's networks, larger than the number of draws.
_SEED_STEP = 1000

# Runs a manifest in a folder and calls a callback after each job.
Runner = Callable[[Manifest, str, SweepCallback | None], SweepResult]


def _run_locally(manifest: Manifest, folder: str, callback: SweepCallback | None) -> SweepResult:
    return run_sweep(manifest, folder, callback=callback)


class Draw(NamedTuple):
    """An independent sample of image, networks and noise.

    Attributes:
        number: Its index, from 0.
        name: The image's name.
        image: The image.
        seed: Seed of its networks, starting noise and trainings.
    """

    number: int
    name: str
    image: FileRef
    seed: int

    def reseeded(self, n: int) -> "Draw":
        """Returns the draw with the same image and its n-th seed; 0 returns the draw itself."""
        return self._replace(seed=self.seed + n * _SEED_STEP)


@dataclass
class Study:
    """Context in which an experiment runs.

    Attributes:
        folder: The folder of all files; any path that `tf.io.gfile` takes. Experiments in the same
            folder share the results of jobs.
        settings: Settings of the experiment.
        paths: The user's pictures by kind: "images", "textures", "styles".
        network: A network that replaces the stacked ones, or None.
        weights: Files of trained weights by name of the network.
        runner: Function that runs jobs.
        callback: Called after each job.
        notes: Notes for the page on what could not be done.
    """

    folder: str
    settings: ExperimentSettings
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)
    network: NetworkSpec | None = None
    weights: Mapping[str, FileRef] = field(default_factory=dict)
    runner: Runner = _run_locally
    callback: SweepCallback | None = None
    notes: list[str] = field(default_factory=list)
    _photographs: dict[tuple[tuple[str, ...], int], tuple[FileRef, ...]] = field(
        default_factory=dict
    )

    def draws(self, kind: str = "images", *, size: int | None = None) -> list[Draw]:
        """Returns the draws: `settings.samples`, or as many as there are images if fewer.

        Args:
            kind: The kind of images: "images", "textures" or "styles".
            size: The side of the images in pixels; None for `settings.image_size`.
        """
        settings = self.settings
        size = size or settings.image_size
        images = put_images(self.folder, kind, self.paths.get(kind, ()), size, settings.samples)
        if len(images) < settings.samples:
            self.note(f"Only {len(images)} {kind}, so only {len(images)} draws.")
        return [
            Draw(n, name, image, settings.seed + n)
            for n, (name, image) in enumerate(images.items())
        ]

    def photographs(self, names: tuple[str, ...], size: int) -> tuple[FileRef, ...]:
        """Returns photographs as squares, written once for all jobs of the study.

        Args:
            names: See `photograph`.
            size: The side of the squares in pixels.
        """
        if (names, size) not in self._photographs:
            written = put_photographs(self.folder, names, size)
            self._photographs[names, size] = tuple(written.values())
        return self._photographs[names, size]

    def picture(self, draw: Draw) -> np.ndarray:
        """Returns a draw's image, float32 RGB in [0, 1], [size, size, 3]."""
        return read_picture(draw.image, self.folder)

    def note(self, text: str) -> None:
        """Adds a note to the page, unless it is there already."""
        if text not in self.notes:
            self.notes.append(text)

    def run(self, jobs: Mapping[Any, Job]) -> dict[Any, JobResult]:
        """Runs jobs and returns the results of those that succeeded, by label.

        Failures are noted on the page.

        Raises:
            ValueError: None of the jobs succeeded.
        """
        outcome = self.runner(Manifest(tuple(jobs.values())), self.folder, self.callback)
        for _, failure in outcome.failures:
            self.note(f"A job failed: {failure.reason}")
        store = Store(self.folder)
        results = {label: store.read(job) for label, job in jobs.items() if store.done(job)}
        if jobs and not results:
            raise ValueError(f"All {len(jobs)} jobs failed: {self.notes[-1]}")
        return results

    def file(self, job: Job, name: str) -> FileRef:
        """Returns a reference to a file in the result of a finished job."""
        store = Store(self.folder)
        return reference_to(store.folder, store.path(job, name))

    @property
    def layers(self) -> tuple[str, ...]:
        """The conv and pooling layers of the architecture, in forward order."""
        return ARCHITECTURES[self.settings.architecture].layers

    @property
    def first_layers(self) -> tuple[str, ...]:
        """The first conv layer of each stage: conv1_1, conv2_1 ..., at strides 1, 2 ..."""
        return tuple(name for name in self.layers if name.endswith("_1"))

    @property
    def pools(self) -> tuple[str, ...]:
        """The pooling layers of the architecture, at strides 2, 4 ..."""
        return tuple(name for name in self.layers if name.startswith("pool"))

    def optimizer(self, **changes: Any) -> OptimizerSettings:
        """Returns settings of the optimiser, by default with the adaptive parametrisation."""
        settings = self.settings
        given = {
            "max_iterations": settings.max_iterations,
            "memory": settings.memory,
            "parametrization": "adaptive",
            "precision": settings.precision,
        }
        return OptimizerSettings(**{**given, **changes})

    def random(self, draw: Draw, **arguments: Any) -> NetworkSpec:
        """Returns a draw's random network, normalised on the draw's image."""
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
        """Returns the job that inverts the representation of a draw's image.

        Args:
            network: The network.
            draw: The draw, for image and seed of the noise.
            layer: The layer's name.
            parametrization: "adaptive", which recovers more, or "pixels" as in the papers.
            iterations: The number of iterations; None for `settings.max_iterations`.
            report_every: Interval of the trace, in iterations.
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
        """Returns the job that synthesises a draw's texture over pixels, as in the papers."""
        optimizer = self.optimizer(parametrization="pixels")
        settings = TextureSettings(layers, scales=None, seed=draw.seed)
        return Texture(network, draw.image, settings, optimizer)
