"""Flags of random networks."""

from absl import flags

from rwkeras.networks.initializers import INITIALIZERS
from rwkeras.networks.vgg import POOLINGS

flags.DEFINE_integer("seed", 0, "Seed of the network's weights and of the initial noise.")
flags.DEFINE_enum("pooling", None, list(POOLINGS), "Pooling of a VGG; default: avg.")
flags.DEFINE_enum(
    "initializer",
    None,
    list(INITIALIZERS),
    "Distribution of random weights; default: gaussian for a VGG, he for other networks.",
)
flags.DEFINE_bool(
    "subtract_mean",
    None,
    "Whether a random VGG subtracts ImageNet's mean colour from its input; default: for textures "
    "and styles, but not for inversion.",
)
