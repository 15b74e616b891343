"""Inversions as jobs."""

import contextlib
import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.experiments.jobs.measures import course, distance, likeness
from rwkeras.experiments.jobs.networks import NetworkSpec
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
from rwkeras.tasks.start import NOISE
from rwkeras.tasks.synthesis import optimize_image, starting_noise


@dataclass(frozen=True)
class Inversion:
    """Recovers an image from a layer.

    Attributes:
        network: The network.
        image: The image.
        layer: The layer's name.
        seed: Of the starting noise.
        optimizer: The optimiser's settings, among them how often the course is noted.
        snapshots: The iterations whose pictures are kept.
        regularized: Whether it is that of Mahendran and Vedaldi (2015).
        decoder: A file that `DecoderFit` made for the network and the layer, whose picture it
            starts from; None for noise.
    """

    network: NetworkSpec
    image: FileRef
    layer: str
    seed: int = 0
    optimizer: OptimizerSettings = OptimizerSettings()
    snapshots: tuple[int, ...] = ()
    regularized: bool = False
    decoder: FileRef | None = None

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Functions are compiled for a network and a layer."""
        return self.network, self.layer

    def run(self, folder: str) -> JobResult:
        """Returns the picture, its likeness to the source, and the course of the loss."""
        source = read_picture(self.image, folder)
        rows: list[dict[str, Any]] = []
        pictures: dict[str, np.ndarray] = {}

        def note(progress: Progress) -> None:
            image = np.clip(progress.images[0].numpy(), 0, 1)
            row = {"iteration": progress.iteration, "evaluations": progress.evaluations}
            loss = float(progress.loss[0])
            rows.append({**row, "loss": loss, "distance": distance(image, source)})
            if progress.iteration in self.snapshots:
                pictures[f"iteration_{progress.iteration:05d}"] = image

        every = math.gcd(self.optimizer.report_every, *self.snapshots)
        given: dict[str, Any] = {
            "optimizer": dataclasses.replace(self.optimizer, report_every=every),
            "callback": note,
        }
        model = self.network.build(folder)
        if self.regularized:
            prior = RegularizedInversionSettings(self.layer, seed=self.seed)
            result = invert_regularized(model, source, prior, **given)
        else:
            settings = InversionSettings(self.layer, seed=self.seed)
            decoder = self.decoder and self.decoder.fetched(folder)
            with decoder or contextlib.nullcontext(NOISE) as start:
                result = invert(model, source, settings, init=start, **given)
        values = {**likeness(result.image, source), **course(result)}
        return JobResult(values, {"picture": result.image, **pictures}, rows)


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
        first, last = (read_picture(image, folder) for image in (self.image, self.other))

        def between(a: Any, b: Any) -> Any:
            return (1 - self.share) * a + self.share * b

        target = between(
            *(extract(model, [self.layer], x[np.newaxis])[self.layer] for x in (first, last))
        )
        at = tf.constant(first[np.newaxis])
        objective = balance(model, content_term(self.layer, target), at)
        noise, optimizer = InversionSettings.noise_stddev, self.optimizer
        start = starting_noise(objective, at.shape, self.seed, stddev=noise, optimizer=optimizer)
        result = optimize_image(model, objective, start, optimizer=optimizer).unbatched()
        values = {
            "distance_first": distance(result.image, first),
            "distance_last": distance(result.image, last),
            "distance_average": distance(result.image, between(first, last)),
            **course(result),
        }
        return JobResult(values, {"picture": result.image})
