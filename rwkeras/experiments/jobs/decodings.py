"""Jobs that train decoders and decode images with them."""

import dataclasses
import functools
import os
import tempfile
from dataclasses import dataclass
from typing import Any

import numpy as np

from rwkeras.backend import keras
from rwkeras.decoders.decnn import decnn, load_decoder
from rwkeras.decoders.decode import decode
from rwkeras.decoders.network import decoder
from rwkeras.decoders.settings import DecoderSettings, DecoderTraining
from rwkeras.decoders.train import train_decoder
from rwkeras.experiments.jobs.makers import network_bytes
from rwkeras.experiments.jobs.measures import course
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.structure import color_mapped, matched, structure
from rwkeras.metrics import mean_euclidean_distance, psnr, ssim
from rwkeras.optimizers.settings import OptimizerSettings, Progress
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture
from rwkeras.tasks.invert import inversion_objective
from rwkeras.tasks.settings import InversionSettings
from rwkeras.tasks.synthesis import optimize_image, starting_noise

# Of `DecoderFit`'s results.
DECODER_FILE = "decoder.keras"


@dataclass(frozen=True)
class DecoderFit:
    """Trains a decoder on photographs of scikit-image; see `train_decoder`.

    Attributes:
        network: The encoder, which stays as it is.
        layer: The layer whose activations are decoded.
        decoder: The decoder's shape.
        training: How it learns; some photographs must be held out.
    """

    network: NetworkSpec
    layer: str
    decoder: DecoderSettings = DecoderSettings()
    training: DecoderTraining = DecoderTraining(precision="float32")

    @property
    def affinity(self) -> tuple[Any, ...]:
        """The encoder is of use to the next."""
        return (self.network,)

    def run(self, folder: str) -> JobResult:
        """Returns encoder and decoder as one file, and the PSNR on the way."""
        trained = train_decoder(
            self.network.build(folder), self.layer, decoder=self.decoder, training=self.training
        )
        measured = zip(trained.history["psnr_db"], trained.history["val_psnr_db"], strict=True)
        trace = [
            {
                "step": (n + 1) * self.training.epoch_steps,
                "psnr_db": seen,
                "held_out_psnr_db": held_out,
            }
            for n, (seen, held_out) in enumerate(measured)
        ]
        values = {"held_out_psnr_db": trace[-1]["held_out_psnr_db"]}
        return JobResult(values, {}, trace, {DECODER_FILE: network_bytes(trained.model)})


@dataclass(frozen=True)
class UntrainedDecoder:
    """A network up to a layer and a decoder of random weights, which any process can build.

    Attributes:
        network: The encoder.
        layer: The layer whose activations are decoded.
        decoder: The decoder's shape, with its seed.
    """

    network: NetworkSpec
    layer: str
    decoder: DecoderSettings = DecoderSettings()


@functools.lru_cache(maxsize=2)
def build_decnn(given: FileRef | UntrainedDecoder, folder: str) -> keras.Model:
    """Returns an encoder with its decoder, built at most once for several jobs in a row.

    Args:
        given: A file that `DecoderFit` made, or a decoder without training.
        folder: The sweep's folder, in which files are.
    """
    if isinstance(given, UntrainedDecoder):
        model = given.network.build(folder)
        untrained = decoder(model, given.layer, **dataclasses.asdict(given.decoder))
        return decnn(model, given.layer, untrained)
    with tempfile.TemporaryDirectory() as local:
        path = os.path.join(local, DECODER_FILE)
        with open(path, "wb") as file:
            file.write(given.read(folder))
        return load_decoder(path)


@dataclass(frozen=True)
class Decoding:
    """Encodes an image and decodes it.

    Attributes:
        decoder: A file that `DecoderFit` made.
        image: The image.
    """

    decoder: FileRef
    image: FileRef

    @property
    def affinity(self) -> tuple[Any, ...]:
        """The decoder is of use to the next."""
        return (self.decoder,)

    def run(self, folder: str) -> JobResult:
        """Returns the picture and its likeness to the source."""
        source = read_picture(self.image, folder)
        picture = decode(build_decnn(self.decoder, folder), source)
        values = {
            "psnr_db": float(psnr(picture, source)[0]),
            "ssim": float(ssim(picture, source)[0]),
        }
        return JobResult(values, {"picture": picture})


@dataclass(frozen=True)
class UntrainedDecoding:
    """Encodes an image and decodes it with random weights alone.

    Attributes:
        decoder: The network and the decoder.
        image: The image.
    """

    decoder: UntrainedDecoder
    image: FileRef

    @property
    def affinity(self) -> tuple[Any, ...]:
        """The encoder is of use to the next."""
        return (self.decoder.network,)

    def run(self, folder: str) -> JobResult:
        """Returns what of the source there is to see, before and after the best map of colours."""
        source = read_picture(self.image, folder)
        output = build_decnn(self.decoder, folder)(source[np.newaxis], training=False).numpy()[0]
        pictures = {
            "picture": np.clip(matched(output, source), 0, 1),
            "mapped": np.clip(color_mapped(output, source), 0, 1),
        }
        return JobResult(structure(output, source), pictures)


@dataclass(frozen=True)
class StartedInversion:
    """Recovers an image from a layer, from noise or from what a decoder makes of the activations.

    Attributes:
        network: The network.
        image: The image.
        layer: The layer's name.
        decoder: A file that `DecoderFit` made for the network and the layer; None for noise.
        seed: Of the noise.
        optimizer: The optimiser's settings.
    """

    network: NetworkSpec
    image: FileRef
    layer: str
    decoder: FileRef | None = None
    seed: int = 0
    optimizer: OptimizerSettings = OptimizerSettings()

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Functions are compiled for a network and a layer."""
        return self.network, self.layer

    def run(self, folder: str) -> JobResult:
        """Returns the picture, its likeness to the source, and loss and evaluations on the way."""
        source = read_picture(self.image, folder)[np.newaxis]
        model = self.network.build(folder)
        objective = inversion_objective(model, source, InversionSettings(self.layer))
        if self.decoder is None:
            start = starting_noise(
                objective,
                source.shape,
                self.seed,
                stddev=InversionSettings.noise_stddev,
                optimizer=self.optimizer,
            )
        else:
            start = decode(build_decnn(self.decoder, folder), source)
        rows: list[dict[str, float]] = []

        def keep(progress: Progress) -> None:
            picture = np.clip(progress.images[0].numpy(), 0, 1)
            rows.append(
                {
                    "iteration": progress.iteration,
                    "evaluations": progress.evaluations,
                    "loss": float(progress.loss[0]),
                    "distance": float(mean_euclidean_distance(picture, source[0])[0]),
                }
            )

        optimizer = dataclasses.replace(self.optimizer, report_every=1)
        result = optimize_image(model, objective, start, optimizer=optimizer, callback=keep)
        result = result.unbatched()
        values = {
            "psnr_db": float(psnr(result.image, source[0])[0]),
            "distance": float(mean_euclidean_distance(result.image, source[0])[0]),
            "loss": float(result.loss),
            **course(result),
        }
        return JobResult(values, {"picture": result.image}, rows)
