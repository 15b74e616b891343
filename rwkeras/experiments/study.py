"""Shared context of the experiments: images, networks and the job runner."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rwkeras.experiments.figures import Cell
from rwkeras.experiments.images import put_images
from rwkeras.experiments.jobs.inversions import Inversion
from rwkeras.experiments.jobs.makers import Rotation, Stacking
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.report import Row
from rwkeras.experiments.settings import ExperimentSettings
from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.rotation.settings import RotationSettings
from rwkeras.stacking.settings import StackSettings
from rwkeras.sweeps.files import FileRef, reference_to
from rwkeras.sweeps.jobs import Job, JobResult, Manifest
from rwkeras.sweeps.local import SweepCallback, SweepResult, run_sweep
from rwkeras.sweeps.store import Store

# Of photographs to train on, in pixels.
_PHOTO_SIZE = 300

# Runs a manifest in a folder, telling a callback of each job.
Runner = Callable[[Manifest, str, SweepCallback | None], SweepResult]


def _locally(manifest: Manifest, folder: str, callback: SweepCallback | None) -> SweepResult:
    return run_sweep(manifest, folder, callback=callback)


@dataclass
class Study:
    """An experiment's means.

    Attributes:
        folder: Where everything goes; any path that `tf.io.gfile` takes. What one experiment has
            done in it serves others.
        settings: How thorough it is.
        paths: Pictures of the user's, by kind: "images", "textures", "styles".
        network: A network to take instead of stacking one, or None. One by name is made ready on
            the first image.
        weights: Files of trained weights by the network's name.
        runner: How jobs are run.
        callback: Told of each job.
        notes: What could not be done, for the report.
    """

    folder: str
    settings: ExperimentSettings
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)
    network: NetworkSpec | None = None
    weights: Mapping[str, FileRef] = field(default_factory=dict)
    runner: Runner = _locally
    callback: SweepCallback | None = None
    notes: list[str] = field(default_factory=list)
    _images: dict[tuple[str, int], Mapping[str, FileRef]] = field(default_factory=dict)

    def images(self, kind: str = "images", *, size: int | None = None) -> Mapping[str, FileRef]:
        """Returns the images of a kind, cut to squares, by name."""
        key = kind, size or self.settings.image_size
        if key not in self._images:
            paths = self.paths.get(kind, ())
            limit = self.settings.max_images
            self._images[key] = put_images(self.folder, kind, paths, key[1], limit)
        return self._images[key]

    def run(self, jobs: Mapping[Any, Job]) -> dict[Any, JobResult]:
        """Runs jobs and returns the results of those that succeeded, by label."""
        ended = self.runner(Manifest(tuple(jobs.values())), self.folder, self.callback)
        for _, failure in ended.failures:
            note = f"A job failed: {failure.reason}"
            if note not in self.notes:
                self.notes.append(note)
        store = Store(self.folder)
        results = {label: store.read(job) for label, job in jobs.items() if store.done(job)}
        if jobs and not results:
            raise ValueError(f"None of {len(jobs)} jobs has a result: {self.notes[-1]}")
        return results

    @property
    def conv_layers(self) -> tuple[str, ...]:
        """The conv layers of the architecture."""
        return ARCHITECTURES[self.settings.architecture].conv_layers

    @property
    def first_layers(self) -> tuple[str, ...]:
        """The first conv layer of each stage: conv1_1, conv2_1 ..."""
        return tuple(name for name in self.conv_layers if name.endswith("_1"))

    @property
    def pools(self) -> tuple[str, ...]:
        """The poolings of the architecture."""
        return tuple(f"pool{n + 1}" for n in range(len(self.first_layers)))

    @property
    def layers(self) -> tuple[str, ...]:
        """The conv and pooling layers of the architecture, in forward order."""
        found: list[str] = []
        for stage, pool in enumerate(self.pools, 1):
            found += [name for name in self.conv_layers if name.startswith(f"conv{stage}_")] + [
                pool
            ]
        return tuple(found)

    @property
    def seeds(self) -> range:
        """The seeds of the samples."""
        return range(self.settings.seed, self.settings.seed + self.settings.samples)

    def optimizer(self, **changes: Any) -> OptimizerSettings:
        """Returns the optimiser's settings of inversions, with changes."""
        given = {
            "max_iterations": self.settings.max_iterations,
            "parametrization": self.settings.parametrization,
            "precision": self.settings.precision,
        }
        return OptimizerSettings(**{**given, **changes})

    def inversion(
        self, network: NetworkSpec, image: FileRef, layer: str, **arguments: Any
    ) -> Inversion:
        """Returns an inversion, with the study's optimiser unless another is given."""
        return Inversion(network, image, layer, **{"optimizer": self.optimizer(), **arguments})

    def random(self, seed: int | None = None, **arguments: Any) -> NetworkSpec:
        """Returns a purely random network, made ready on the first image."""
        reference = next(iter(self.images().values()))
        given = {"name": self.settings.architecture, "reference": reference}
        seed = self.settings.seed if seed is None else seed
        return NetworkSpec(**{**given, "seed": seed, **arguments})

    def stacked(self, jobs: Mapping[Any, Stacking]) -> dict[Any, NetworkSpec]:
        """Returns stacked networks by label, once they are made."""
        store = Store(self.folder)
        return {
            label: NetworkSpec(
                file=reference_to(store.folder, store.path(jobs[label], "recipe.json"))
            )
            for label in self.run(jobs)
        }

    def stacking(self, reference: FileRef, seed: int, **arguments: Any) -> Stacking:
        """Returns the job that stacks a network on an image."""
        settings = self.settings
        how = StackSettings(
            candidates=settings.candidates,
            max_iterations=settings.stack_iterations,
            precision=settings.precision,
        )
        given = {"architecture": settings.architecture, "seed": seed, "settings": how}
        return Stacking(reference, **{**given, **arguments})

    def stacked_network(self, *, size: int | None = None, **arguments: Any) -> NetworkSpec:
        """Returns the network of the papers' figures: that which was given, or one stacked here.

        Args:
            size: Of the image on which it is stacked or made ready; None for the study's.
            **arguments: See `Stacking`.
        """
        reference = next(iter(self.images(size=size).values()))
        if self.network is None:
            job = self.stacking(reference, self.settings.seed, **arguments)
            return self.stacked({0: job})[0]
        if self.network.file is None:
            return dataclasses.replace(self.network, reference=reference, seed=self.settings.seed)
        return self.network

    def rotation_rivals(self) -> dict[str, NetworkSpec]:
        """Returns a narrow network trained on the spot, and as it was before."""
        photos: tuple[FileRef, ...] = ()
        if self.paths.get("images"):
            photos = tuple(self.images(size=_PHOTO_SIZE).values())
        how = RotationSettings(steps=self.settings.training_steps, seed=self.settings.seed)
        job = Rotation(photos, how)
        self.run({0: job})
        store = Store(self.folder)
        return {
            name: NetworkSpec(file=reference_to(store.folder, store.path(job, f"{name}.keras")))
            for name in ("trained", "untrained")
        }


def rows(results: Mapping[tuple, JobResult], factors: Sequence[str]) -> list[Row]:
    """Returns a table of results: the parts of their labels by name, then their values."""
    return [
        {**dict(zip(factors, label, strict=True)), **result.values}
        for label, result in results.items()
    ]


def column(results: Mapping[tuple, JobResult], value: str, **chosen: Any) -> list[float]:
    """Returns a value of those results whose label has the chosen parts, by position: p0, p1 ..."""
    wanted = {int(name[1:]): part for name, part in chosen.items()}
    return [
        result.values[value]
        for label, result in results.items()
        if all(label[place] == part for place, part in wanted.items())
    ]


def cell(result: JobResult | None, value: str, digits: int = 3) -> Cell:
    """Returns a result's picture for a grid, labelled with a value; None if there is no result."""
    return result and (f"{result.values[value]:.{digits}f}", result.pictures["picture"])
