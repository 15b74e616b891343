"""Job that trains a network by rotation prediction."""

from dataclasses import dataclass
from typing import Any

from rwkeras.experiments.jobs.networks import network_bytes
from rwkeras.rotation.rival import train_rotation_rival, untrained_twin
from rwkeras.rotation.settings import RotationSettings
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture


@dataclass(frozen=True)
class Rotation:
    """Trains a narrow VGG-19 to predict the rotation of crops; see `train_rotation_rival`.

    Attributes:
        photos: Training photographs; empty for those of scikit-image.
        settings: Settings of the training.
    """

    photos: tuple[FileRef, ...] = ()
    settings: RotationSettings = RotationSettings()

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Jobs share nothing that could be reused."""
        return ("rotation", self.settings)

    def run(self, folder: str) -> JobResult:
        """Returns the trained and the untrained network as files, and the history as the trace."""
        photos = [read_picture(photo, folder) for photo in self.photos]
        trained, history = train_rotation_rival(photos or None, self.settings)
        networks = {"trained.keras": trained, "untrained.keras": untrained_twin(self.settings)}
        return JobResult(
            {"held_out_accuracy": history.reports[-1].held_out_accuracy},
            {},
            [report._asdict() for report in history.reports],
            {name: network_bytes(model) for name, model in networks.items()},
        )
