"""Jobs that make networks for other jobs."""

import io
import json
import re
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rwkeras.backend import keras
from rwkeras.rotation.rival import train_rotation_rival, untrained_twin
from rwkeras.rotation.settings import RotationSettings
from rwkeras.stacking.settings import StackSettings
from rwkeras.stacking.stack import stack
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

# Where Keras writes when a model was saved, which would make a new file of the same network.
_METADATA, _UNDATED = "metadata.json", {"date_saved": "1980-01-01@00:00:00"}


@dataclass(frozen=True)
class Stacking:
    """Stacks a network on an image; see `stack`.

    Attributes:
        reference: The image.
        architecture: See `stack`.
        include_top: See `stack`.
        subtract_mean: See `stack`.
        initializer: See `stack`.
        candidates: See `StackSettings`.
        max_iterations: See `StackSettings`.
        precision: See `StackSettings`.
        seed: See `stack`.
    """

    reference: FileRef
    architecture: str = "vgg19"
    include_top: bool = False
    subtract_mean: bool = False
    initializer: str = "gaussian"
    candidates: int = StackSettings.candidates
    max_iterations: int = StackSettings.max_iterations
    precision: str = StackSettings.precision
    seed: int = 0

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Nothing of one is of use to another."""
        return ("stacking", self.reference, self.seed)

    def run(self, folder: str) -> JobResult:
        """Returns the recipe, and how each layer was chosen as the trace."""
        result = stack(
            read_picture(self.reference, folder),
            self.candidates,
            architecture=self.architecture,
            include_top=self.include_top,
            subtract_mean=self.subtract_mean,
            initializer=self.initializer,
            max_iterations=self.max_iterations,
            precision=self.precision,
            seed=self.seed,
        )
        trace = [
            {"layer": c.layer, "chosen": c.chosen, "gain": c.gain, "loss": c.losses[c.chosen]}
            for c in result.choices
        ]
        recipe = result.recipe.as_json().encode()
        return JobResult({"layers": len(trace)}, {}, trace, {"recipe.json": recipe})


@dataclass(frozen=True)
class Rotation:
    """Trains a narrow VGG-19 to tell the rotation of crops; see `train_rotation_rival`.

    Attributes:
        photos: What it is trained on; none for scikit-image's photographs.
        steps: See `RotationSettings`.
        width: See `RotationSettings`.
        seed: See `RotationSettings`.
    """

    photos: tuple[FileRef, ...] = ()
    steps: int = RotationSettings.steps
    width: float = RotationSettings.width
    seed: int = 0

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Nothing of one is of use to another."""
        return ("rotation", self.seed)

    def run(self, folder: str) -> JobResult:
        """Returns the network as a file, its twin without training, and the accuracies."""
        settings = RotationSettings(
            width=self.width,
            steps=self.steps,
            report_every=min(self.steps, RotationSettings.report_every),
            seed=self.seed,
        )
        photos = [read_picture(photo, folder) for photo in self.photos]
        trained, history = train_rotation_rival(photos or None, settings)
        values = {"held_out_accuracy": history.reports[-1].held_out_accuracy}
        files = {"trained.keras": trained, "untrained.keras": untrained_twin(settings)}
        return JobResult(
            values,
            {},
            [report._asdict() for report in history.reports],
            {name: network_bytes(model) for name, model in files.items()},
        )


def _with_numbered_objects(config: bytes) -> bytes:
    """Returns a model's configuration with shared objects numbered in order, not by address."""
    numbers = dict[bytes, bytes]()

    def numbered(match: re.Match[bytes]) -> bytes:
        return match[1] + numbers.setdefault(match[2], str(len(numbers)).encode())

    return re.sub(rb'("shared_object_id": )(\d+)', numbered, config)


def network_bytes(model: keras.Model) -> bytes:
    """Returns a model as the bytes of a `.keras` file, always the same for the same model."""
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        with zipfile.ZipFile(path) as saved, zipfile.ZipFile(buffer, "w") as undated:
            for name in saved.namelist():
                content = saved.read(name)
                if name == _METADATA:
                    content = json.dumps({**json.loads(content), **_UNDATED}).encode()
                if name == "config.json":
                    content = _with_numbered_objects(content)
                undated.writestr(zipfile.ZipInfo(name), content)  # Dated 1980, as zip's epoch is.
    return buffer.getvalue()
