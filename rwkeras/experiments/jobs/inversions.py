"""Jobs that invert representations."""

import contextlib
import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.experiments.jobs.measures import distance, run_summary, similarity
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
    """Recovers an image from its activations at a layer.

    Attributes:
        network: The network.
        image: The image.
        layer: The layer's name.
        seed: Seed of the starting noise.
        optimizer: Settings of the optimiser; `report_every` is the interval of the trace.
        snapshots: The iterations whose pictures are kept.
        regularized: Whether to use the regularised inversion of Mahendran and Vedaldi (2015).
        decoder: A file written by `DecoderFit` for this network and layer, whose decoded picture
            is the start; None to start from noise.
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
        """Jobs with the same network and layer reuse compiled functions."""
        return self.network, self.layer

    def run(self, folder: str) -> JobResult:
        """Returns the picture, its similarity to the source, and the loss by iteration."""
        source = read_picture(self.image, folder)
        rows: list[dict[str, Any]] = []
        pictures: dict[str, np.ndarray] = {}

        def record(progress: Progress) -> None:
            image = np.clip(progress.images[0].numpy(), 0, 1)
            row = {"iteration": progress.iteration, "evaluations": progress.evaluations}
            loss = float(progress.loss[0])
            rows.append({**row, "loss": loss, "distance": distance(image, source)})
            if progress.iteration in self.snapshots:
                pictures[f"iteration_{progress.iteration:05d}"] = image

        interval = math.gcd(self.optimizer.report_every, *self.snapshots)
        given: dict[str, Any] = {
            "optimizer": dataclasses.replace(self.optimizer, report_every=interval),
            "callback": record,
        }
        model = self.network.build(folder)
        if self.regularized:
            prior = RegularizedInversionSettings(self.layer, seed=self.seed)
            result = invert_regularized(model, source, prior, **given)
        else:
            settings = InversionSettings(self.layer, seed=self.seed)
            decoder = self.decoder and self.decoder.local_copy(folder)
            with decoder or contextlib.nullcontext(NOISE) as start:
                result = invert(model, source, settings, init=start, **given)
        values = {**similarity(result.image, source), **run_summary(result)}
        return JobResult(values, {"picture": result.image, **pictures}, rows)


@dataclass(frozen=True)
class Morph:
    """Inverts a linear interpolation between the activations of two images.

    Attributes:
        network: The network.
        image: The first image.
        other: The second image, of the same size.
        share: The weight of the second image, from 0 to 1.
        layer: The layer's name.
        seed: Seed of the starting noise.
        optimizer: Settings of the optimiser.
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
        """Jobs with the same network and layer reuse compiled functions."""
        return self.network, self.layer

    def run(self, folder: str) -> JobResult:
        """Returns the picture and its distances to both images and to their interpolation."""
        model = self.network.build(folder)
        first, last = (read_picture(image, folder) for image in (self.image, self.other))

        def interpolate(a: Any, b: Any) -> Any:
            return (1 - self.share) * a + self.share * b

        target = interpolate(
            *(extract(model, [self.layer], x[np.newaxis])[self.layer] for x in (first, last))
        )
        reference = tf.constant(first[np.newaxis])
        objective = balance(model, content_term(self.layer, target), reference)
        noise, optimizer = InversionSettings.noise_stddev, self.optimizer
        start = starting_noise(
            objective, reference.shape, self.seed, stddev=noise, optimizer=optimizer
        )
        result = optimize_image(model, objective, start, optimizer=optimizer).unbatched()
        values = {
            "distance_first": distance(result.image, first),
            "distance_last": distance(result.image, last),
            "distance_average": distance(result.image, interpolate(first, last)),
            **run_summary(result),
        }
        return JobResult(values, {"picture": result.image})
