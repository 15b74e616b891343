"""Job that trains a decoder."""

from dataclasses import dataclass
from typing import Any

from rwkeras.decoders.settings import DecoderSettings, DecoderTraining
from rwkeras.decoders.train import train_decoder
from rwkeras.experiments.jobs.networks import NetworkSpec, network_bytes
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

# Name of the file in the results of `DecoderFit`.
DECODER_FILE = "decoder.keras"


@dataclass(frozen=True)
class DecoderFit:
    """Trains a decoder on photographs; see `train_decoder`.

    Attributes:
        network: The encoder, whose weights are frozen.
        layer: The layer whose activations are decoded.
        decoder: Settings of the decoder's architecture.
        training: Settings of the training; some photographs must be held out.
        photos: Training photographs; empty for those of scikit-image.
    """

    network: NetworkSpec
    layer: str
    decoder: DecoderSettings = DecoderSettings()
    training: DecoderTraining = DecoderTraining(precision="float32")
    photos: tuple[FileRef, ...] = ()

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Jobs with the same encoder reuse it."""
        return (self.network,)

    def run(self, folder: str) -> JobResult:
        """Returns encoder and decoder in one file, with the PSNR during training as the trace."""
        photos = [read_picture(photo, folder) for photo in self.photos]
        trained = train_decoder(
            self.network.build(folder),
            self.layer,
            photos or None,
            decoder=self.decoder,
            training=self.training,
        )
        training_psnr, held_out_psnr = (
            trained.history[name] for name in ("psnr_db", "val_psnr_db")
        )
        steps = range(self.training.epoch_steps, self.training.steps + 1, self.training.epoch_steps)
        trace = [
            {"step": step, "psnr_db": a, "held_out_psnr_db": b}
            for step, a, b in zip(steps, training_psnr, held_out_psnr, strict=False)
        ]
        files = {DECODER_FILE: network_bytes(trained.model)}
        return JobResult({"held_out_psnr_db": held_out_psnr[-1]}, {}, trace, files)
