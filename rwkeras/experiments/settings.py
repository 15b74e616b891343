"""Settings of the experiments."""

from dataclasses import dataclass

from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.optimizers.settings import PRECISIONS
from rwkeras.parametrizations.parametrization import PARAMETRIZATIONS
from rwkeras.rotation.settings import RotationSettings
from rwkeras.settings import Settings, setting


@dataclass(frozen=True)
class ExperimentSettings(Settings):
    """Settings of an experiment."""

    architecture: str = setting(
        "vgg19", 'Of the random networks: "vgg19" or "toy_vgg".', choices=ARCHITECTURES
    )
    image_size: int = setting(128, "The side of the images, which are cut to squares.", minimum=32)
    max_images: int = setting(4, "How many of the images are used at most.", minimum=1)
    max_iterations: int = setting(200, "Iterations of each optimisation.", minimum=1)
    samples: int = setting(5, "How many networks, or noises, there are of each kind.", minimum=1)
    candidates: int = setting(5, "Of each layer of a stack; see `StackSettings`.", minimum=1)
    stack_iterations: int = setting(
        60, "Iterations of a stack's inversions; see `StackSettings`.", minimum=1
    )
    parametrization: str = setting(
        "pixels",
        "The coordinates of inversions; pixels, as in the papers.",
        choices=PARAMETRIZATIONS,
    )
    precision: str = setting(
        "float32",
        'See `OptimizerSettings`. Machines differ in whether "auto" takes bfloat16, so that jobs '
        "on several could.",
        choices=PRECISIONS,
    )
    training_steps: int = setting(
        RotationSettings.steps, "Steps of the rival that is trained on the spot.", minimum=1
    )
    decoder_steps: int = setting(1500, "Steps of each training of a decoder.", minimum=1)
    seed: int = setting(0, "The first of the seeds.")


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
