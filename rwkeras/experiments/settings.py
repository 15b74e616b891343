"""Settings of the experiments."""

from dataclasses import dataclass

from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.optimizers.settings import PRECISIONS
from rwkeras.parametrizations.parametrization import PARAMETRIZATIONS
from rwkeras.rotation.settings import RotationSettings
from rwkeras.validation import check_choice, check_number, plain_numbers


@dataclass(frozen=True)
class ExperimentSettings:
    """Settings of an experiment.

    Attributes:
        architecture: Of the random networks: "vgg19" or "toy_vgg".
        image_size: The side of the images, which are cut to squares.
        max_images: How many of the images are used at most.
        max_iterations: Of each optimisation.
        samples: How many networks, or noises, there are of each kind.
        candidates: See `StackSettings`.
        stack_iterations: See `StackSettings`.
        parametrization: The coordinates of inversions; pixels, as in the papers.
        precision: See `OptimizerSettings`. Machines differ in whether "auto" takes bfloat16, so
            that jobs on several could.
        training_steps: Of the rival that is trained on the spot.
        decoder_steps: Of each training of a decoder.
        seed: The first of the seeds.
    """

    architecture: str = "vgg19"
    image_size: int = 128
    max_images: int = 4
    max_iterations: int = 200
    samples: int = 5
    candidates: int = 5
    stack_iterations: int = 60
    parametrization: str = "pixels"
    precision: str = "float32"
    training_steps: int = RotationSettings.steps
    decoder_steps: int = 1500
    seed: int = 0

    def __post_init__(self):
        plain_numbers(self)
        check_choice("architecture", self.architecture, ARCHITECTURES)
        check_number("image_size", self.image_size, integer=True, minimum=32)
        for name in ("max_images", "max_iterations", "samples", "candidates", "stack_iterations"):
            check_number(name, getattr(self, name), integer=True, minimum=1)
        for name in ("training_steps", "decoder_steps"):
            check_number(name, getattr(self, name), integer=True, minimum=1)
        check_choice("parametrization", self.parametrization, PARAMETRIZATIONS)
        check_choice("precision", self.precision, PRECISIONS)
        check_number("seed", self.seed, integer=True)


# Ends within two minutes on two cores, and says nothing but that everything runs.
QUICK = ExperimentSettings(
    architecture="toy_vgg",
    image_size=32,
    max_images=2,
    max_iterations=10,
    samples=2,
    candidates=2,
    stack_iterations=3,
    training_steps=10,
    decoder_steps=10,
)
