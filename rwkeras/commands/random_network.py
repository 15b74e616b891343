"""The flags of a network that is drawn at random."""

from absl import flags

from rwkeras.networks.initializers import INITIALIZERS
from rwkeras.networks.vgg import POOLINGS

flags.DEFINE_integer("seed", 0, "Seed of the network's weights and of the starting noise.")
flags.DEFINE_enum("pooling", "avg", list(POOLINGS), "Pooling of a named network.")
flags.DEFINE_enum(
    "initializer", "gaussian", list(INITIALIZERS), "Distribution of a named network's weights."
)


def define_subtract_mean(default: bool) -> None:
    """Defines `--subtract_mean` with the default that gives a task its best pictures."""
    flags.DEFINE_bool(
        "subtract_mean", default, "Whether a named network subtracts ImageNet's mean colour first."
    )
