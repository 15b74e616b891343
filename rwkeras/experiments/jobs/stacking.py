"""Job that stacks a network on an image."""

from dataclasses import dataclass
from typing import Any

from rwkeras.stacking.settings import StackSettings
from rwkeras.stacking.stack import stack
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture


@dataclass(frozen=True)
class Stacking:
    """Stacks a network on an image; see `stack`.

    Attributes:
        reference: The image.
        architecture: A name of `ARCHITECTURES`.
        include_top: Whether the fully connected layers are stacked too.
        subtract_mean: Whether ImageNet's mean is subtracted from images.
        initializer: The distribution of the weights.
        seed: Seed of the weights.
        settings: The number of candidates and their comparison.
    """

    reference: FileRef
    architecture: str = "vgg19"
    include_top: bool = False
    subtract_mean: bool = False
    initializer: str = "gaussian"
    seed: int = 0
    settings: StackSettings = StackSettings()

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Jobs share nothing that could be reused."""
        return ("stacking", self.reference, self.seed)

    def run(self, folder: str) -> JobResult:
        """Returns the recipe as a file, with the choice for each layer as the trace."""
        result = stack(
            read_picture(self.reference, folder),
            self.settings,
            architecture=self.architecture,
            include_top=self.include_top,
            subtract_mean=self.subtract_mean,
            initializer=self.initializer,
            seed=self.seed,
        )
        trace = [
            {"layer": c.layer, "chosen": c.chosen, "gain": c.gain, "loss": c.losses[c.chosen]}
            for c in result.choices
        ]
        recipe = result.recipe.as_json().encode()
        return JobResult({"layers": len(trace)}, {}, trace, {"recipe.json": recipe})
