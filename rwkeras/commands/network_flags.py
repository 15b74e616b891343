"""Flags that choose a network and its weights."""

from absl import flags

from rwkeras.commands import random_network_flags  # noqa: F401 (its flags)
from rwkeras.networks.loading import NETWORKS

flags.DEFINE_string(
    "network",
    "vgg19",
    f"Network: one of {', '.join(NETWORKS)}, a recipe's .json, or a .keras file.",
)
flags.DEFINE_string(
    "weights",
    None,
    "Trained weights for alexnet, efficientnet_lite0 or pretrained_vgg19: a file, or imagenet for "
    "the last two.",
)
