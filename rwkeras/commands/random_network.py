"""Flags of random networks."""

from absl import flags

from rwkeras.networks.initializers import INITIALIZERS
from rwkeras.networks.vgg import POOLINGS

flags.DEFINE_integer("seed", 0, "Seed of the network's weights and of the starting noise.")
flags.DEFINE_enum("pooling", None, list(POOLINGS), "Pooling of a VGG; avg if it is not given.")
flags.DEFINE_enum(
    "initializer",
    None,
    list(INITIALIZERS),
    "Distribution of random weights; if it is not given gaussian for a VGG, he for others.",
)
flags.DEFINE_bool(
    "subtract_mean",
    None,
    "Whether a random VGG subtracts ImageNet's mean colour first; if it is not given, as the "
    "task's pictures are best: to invert not, for textures and styles.",
)
