"""Inversions as jobs."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.experiments.jobs.measures import course
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.metrics import mean_euclidean_distance, psnr, ssim
from rwkeras.networks.features import extract
from rwkeras.objectives.balance import balance
from rwkeras.objectives.objective import content_term
from rwkeras.optimizers.settings import OptimizerSettings, Progress
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture
from rwkeras.tasks.invert import invert
from rwkeras.tasks.regularized import RegularizedInversionSettings, invert_regularized
from rwkeras.tasks.settings import InversionSettings
from rwkeras.tasks.synthesis import optimize_image, starting_noise

_TRACE_EVERY = 10


def _similarity(image: np.ndarray, source: np.ndarray) -> dict[str, float]:
    """Returns how like an image and its source are."""
    return {
        "psnr_db": float(psnr(image, source)[0]),
        "ssim": float(ssim(image, source)[0]),
        "distance": float(mean_euclidean_distance(image, source)[0]),
    }


class _Trace:
    """Callback that records losses, distances and intermediate images.

    Args:
        source: The image that is to be recovered, or None.
        snapshots: The iterations whose pictures are kept.
    """

    def __init__(self, source: np.ndarray | None, snapshots: tuple[int, ...]):
        self._source, self._snapshots = source, snapshots
        self.rows: list[dict[str, float]] = []
        self.pictures: dict[str, np.ndarray] = {}

    def __call__(self, progress: Progress) -> None:
        image = np.clip(progress.images[0].numpy(), 0, 1)
        row = {"iteration": progress.iteration, "loss": float(progress.loss[0])}
        if self._source is not None:
            row["distance"] = float(mean_euclidean_distance(image, self._source)[0])
        self.rows.append(row)
        if progress.iteration in self._snapshots:
            self.pictures[f"iteration_{progress.iteration:05d}"] = image

    def every(self) -> int:
        """Returns how often it must be called."""
        return math.gcd(_TRACE_EVERY, *self._snapshots)


@dataclass(frozen=True)
class Inversion:
    """Recovers an image from a layer.

    Attributes:
        network: The network.
        image: The image.
        layer: The layer's name.
        seed: Of the starting noise.
        optimizer: The optimiser's settings.
        snapshots: The iterations whose pictures are kept.
        regularized: Whether it is that of Mahendran and Vedaldi (2015).
    """

    network: NetworkSpec
    image: FileRef
    layer: str
    seed: int = 0
    optimizer: OptimizerSettings = OptimizerSettings()
    snapshots: tuple[int, ...] = ()
    regularized: bool = False

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Functions are compiled for a network and a layer."""
        return self.network, self.layer

    def run(self, folder: str) -> JobResult:
        """Returns the picture, its likeness to the source, and the course of the loss."""
        source = read_picture(self.image, folder)
        trace = _Trace(source, self.snapshots)
        model = self.network.build(folder)
        optimizer = dataclasses.replace(self.optimizer, report_every=trace.every())
        if self.regularized:
            prior = RegularizedInversionSettings(self.layer, seed=self.seed)
            result = invert_regularized(model, source, prior, optimizer=optimizer, callback=trace)
        else:
            settings = InversionSettings(self.layer, seed=self.seed)
            result = invert(model, source, settings, optimizer=optimizer, callback=trace)
        values = {**_similarity(result.image, source), **course(result)}
        return JobResult(values, {"picture": result.image, **trace.pictures}, trace.rows)


@dataclass(frozen=True)
class Morph:
    """Inverts a point on the way between two images' activations.

    Attributes:
        network: The network.
        image: Where the way begins.
        other: Where it ends; of the same size.
        share: How far along the way, from 0 to 1.
        layer: The layer's name.
        seed: Of the starting noise.
        optimizer: The optimiser's settings.
    """

    network: NetworkSpec
    image: FileRef
    other: FileRef
    share: float
    layer: str
    seed: int = 0
    optimizer: OptimizerSettings = OptimizerSettings()

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Functions are compiled for a network and a layer."""
        return self.network, self.layer

    def run(self, folder: str) -> JobResult:
        """Returns the picture and how far it is from either end."""
        model = self.network.build(folder)
        ends = [read_picture(image, folder) for image in (self.image, self.other)]
        first, last = (extract(model, [self.layer], tf.constant(e[np.newaxis])) for e in ends)
        target = (1 - self.share) * first[self.layer] + self.share * last[self.layer]
        objective = balance(
            model, content_term(self.layer, target), tf.constant(ends[0])[tf.newaxis]
        )
        start = starting_noise(
            objective,
            (1, *ends[0].shape),
            self.seed,
            stddev=InversionSettings.noise_stddev,
            optimizer=self.optimizer,
        )
        result = optimize_image(model, objective, start, optimizer=self.optimizer).unbatched()
        average = (1 - self.share) * ends[0] + self.share * ends[1]
        values = {
            "distance_first": float(mean_euclidean_distance(result.image, ends[0])[0]),
            "distance_last": float(mean_euclidean_distance(result.image, ends[1])[0]),
            "distance_average": float(mean_euclidean_distance(result.image, average)[0]),
            **course(result),
        }
        return JobResult(values, {"picture": result.image})
