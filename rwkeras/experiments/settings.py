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
        "Number of draws, each with its own image, networks, noise and training runs; at most one "
        "per image. With fewer than 10, no claim is tested.",
        minimum=1,
    )
    networks: int = setting(5, "Number of networks per kind and image, in `variation`.", minimum=2)
    architecture: str = setting(
        "vgg19", 'Architecture of the random networks: "vgg19" or "toy_vgg".', choices=ARCHITECTURES
    )
    strides: Sequence[int] = setting(
        (2, 4, 8, 16, 32),
        "Strides of the EfficientNet-Lite0 layers compared, trained and untrained: 2 to 32.",
        minimum=2,
    )
    image_size: int = setting(
        96, "Side of the images in pixels, which are cropped to squares.", minimum=32
    )
    max_iterations: int = setting(200, "Iterations of each optimisation.", minimum=1)
    final_iterations: int = setting(
        2000,
        "Iterations of the optimisations whose final state is compared, in `convergence`.",
        minimum=1,
    )
    memory: int = setting(
        OptimizerSettings.memory,
        "Number of pairs that L-BFGS keeps; see `OptimizerSettings`.",
        minimum=1,
    )
    candidates: int = setting(3, "Candidates per layer of a stack; see `StackSettings`.", minimum=1)
    stack_iterations: int = setting(
        30, "Iterations of a stack's inversions; see `StackSettings`.", minimum=1
    )
    stack_size: int = setting(
        64, "Side in pixels of the images on which stacks are selected.", minimum=32
    )
    training_steps: int = setting(
        RotationSettings.steps,
        "Training steps of the comparison network that predicts rotations.",
        minimum=1,
    )
    decoder_steps: int = setting(600, "Training steps of each decoder.", minimum=1)
    precision: str = setting(
        "float32",
        'Precision of the network; see `OptimizerSettings`. "auto" may use bfloat16 on some '
        "machines and not on others, so that the jobs of one experiment could differ.",
        choices=PRECISIONS,
    )
    seed: int = setting(0, "First seed; each draw has its own.", minimum=None)


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
