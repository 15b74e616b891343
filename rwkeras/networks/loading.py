"""Networks by name, from a recipe, or from a file of Keras's."""

import os
from collections.abc import Sequence

from rwkeras.backend import keras
from rwkeras.networks.recipe import read_recipe
from rwkeras.networks.vgg import TOY_VGG, VGG19, toy_vgg, vgg19
from rwkeras.validation import check_choice, invalid_argument

_NAMED = {"vgg19": (VGG19, vgg19), "toy_vgg": (TOY_VGG, toy_vgg)}
NETWORKS = tuple(_NAMED)


def load_network(
    network: str,
    *,
    layers: Sequence[str] = (),
    pooling: str = "avg",
    subtract_mean: bool = False,
    initializer: str = "gaussian",
    seed: int = 0,
) -> keras.Model:
    """Returns a network by name, from a recipe's `.json` file, or from a `.keras` file.

    Args:
        network: "vgg19", "toy_vgg", or the path of a recipe or of a file that Keras saved.
        layers: The layers that will be asked for. A named network gets its fully connected
            layers, and with them a fixed size of images, only if one of these is among them.
        pooling: Of a named network; see `vgg19`.
        subtract_mean: Of a named network; see `vgg19`.
        initializer: Of a named network; see `vgg19`.
        seed: Of a named network; see `vgg19`.

    Raises:
        ValueError: There is no such network, or the file cannot be loaded.
    """
    if network in _NAMED:
        architecture, build = _NAMED[network]
        top = any(layer in architecture.top_layers for layer in layers)
        return build(
            pooling=pooling,
            include_top=top,
            subtract_mean=subtract_mean,
            initializer=initializer,
            seed=seed,
        )
    if network.endswith(".json"):
        recipe = read_recipe(network, "network")
        return recipe.build(include_top=any(layer in recipe.top for layer in layers))
    if not network.endswith(".keras"):
        check_choice("network", network, (*NETWORKS, "RECIPE.json", "PATH.keras"))
    if not os.path.isfile(network):
        raise invalid_argument("network", "the path of a .keras file that exists", network)
    try:
        return keras.saving.load_model(network, compile=False)
    except Exception as error:  # Keras raises many kinds on broken files.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise invalid_argument(
            "network", "a .keras file that Keras can load", f"{network} ({reason})"
        ) from error
