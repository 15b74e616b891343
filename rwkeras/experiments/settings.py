"""Settings of the experiments."""

from collections.abc import Sequence
from dataclasses import dataclass

from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.optimizers.settings import PRECISIONS, OptimizerSettings
from rwkeras.rotation.settings import RotationSettings
from rwkeras.settings import Settings, setting


@dataclass(frozen=True)
class ExperimentSettings(Settings):
    """Settings of an experiment."""

    samples: int = setting(
        10,
        "How many draws there are, each of an image, networks, noises and trainings of its own; "
        "at most one for each image. With fewer than 10 no claim is tested.",
        minimum=1,
    )
    networks: int = setting(
        5, "How many networks of a kind have one image, in `variation`.", minimum=2
    )
    architecture: str = setting(
        "vgg19", 'Of the random networks: "vgg19" or "toy_vgg".', choices=ARCHITECTURES
    )
    strides: Sequence[int] = setting(
        (2, 4, 8, 16, 32),
        "At which strides EfficientNet-Lite0, trained and untrained, is looked at: 2 to 32.",
        minimum=2,
    )
    image_size: int = setting(96, "The side of the images, which are cut to squares.", minimum=32)
    max_iterations: int = setting(200, "Iterations of each optimisation.", minimum=1)
    final_iterations: int = setting(
        2000, "Iterations where a claim is about the end, in `convergence`.", minimum=1
    )
    memory: int = setting(
        OptimizerSettings.memory, "Of each optimisation; see `OptimizerSettings`.", minimum=1
    )
    candidates: int = setting(3, "Of each layer of a stack; see `StackSettings`.", minimum=1)
    stack_iterations: int = setting(
        30, "Iterations of a stack's inversions; see `StackSettings`.", minimum=1
    )
    stack_size: int = setting(64, "The side of the images that stacks are chosen on.", minimum=32)
    training_steps: int = setting(
        RotationSettings.steps, "Steps of the rival that learns rotations.", minimum=1
    )
    decoder_steps: int = setting(600, "Steps of each training of a decoder.", minimum=1)
    precision: str = setting(
        "float32",
        'See `OptimizerSettings`. Machines differ in whether "auto" takes bfloat16, so that jobs '
        "on several could.",
        choices=PRECISIONS,
    )
    seed: int = setting(0, "The first of the seeds; each draw has another.", minimum=None)


# A smoke test that takes up to two minutes on two cores; its results are meaningless.
QUICK = ExperimentSettings(
    samples=2,
    networks=2,
    architecture="toy_vgg",
    strides=(4,),
    image_size=32,
    max_iterations=10,
    final_iterations=10,
    memory=4,  # Every pair adds to the traced graph of each network and layer.
    candidates=2,
    stack_iterations=3,
    stack_size=32,
    training_steps=10,
    decoder_steps=10,
)
