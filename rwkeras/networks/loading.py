"""Loading of networks by name, from a recipe, or from a `.keras` file."""

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.networks.alexnet import alexnet
from rwkeras.networks.applications import APPLICATIONS, keras_application
from rwkeras.networks.batch_normalization import adapt_batch_normalization
from rwkeras.networks.calibrate import calibrate, can_calibrate
from rwkeras.networks.efficientnet_lite import efficientnet_lite0
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.filter_bank import filter_bank
from rwkeras.networks.multiscale import multiscale
from rwkeras.networks.multiscale_recipe import is_multiscale_recipe, read_multiscale_recipe
from rwkeras.networks.pretrained import pretrained_vgg19
from rwkeras.networks.recipe import read_recipe
from rwkeras.networks.standardize import has_random_thresholds, standardize
from rwkeras.networks.vgg import toy_vgg, vgg19
from rwkeras.networks.vgg_architecture import TOY_VGG, VGG19
from rwkeras.validation import check_choice, invalid_argument


class _NetworkEntry(NamedTuple):
    """Registry entry of a network available by name.

    Attributes:
        build: Builds the network from `arguments`, and `include_top` if it has `top`.
        arguments: Names of the supported arguments of `load_network`.
        top: Names of its fully connected layers.
    """

    build: Callable[..., keras.Model]
    arguments: tuple[str, ...] = ("initializer", "seed")
    top: tuple[str, ...] = ()


_RANDOM = ("initializer", "seed", "subtract_mean")
_VGG = (*_RANDOM, "pooling")


def _application_entry(name: str) -> _NetworkEntry:
    return _NetworkEntry(lambda **arguments: keras_application(name, **arguments))


_REGISTRY = {
    "vgg19": _NetworkEntry(vgg19, _VGG, VGG19.top_layers),
    "toy_vgg": _NetworkEntry(toy_vgg, _VGG, TOY_VGG.top_layers),
    "pretrained_vgg19": _NetworkEntry(
        lambda rescale_images=None, **arguments: pretrained_vgg19(
            images=rescale_images, **arguments
        ),
        ("weights", "pooling", "rescale_images"),
        VGG19.top_layers,
    ),
    "alexnet": _NetworkEntry(alexnet, ("initializer", "seed", "weights"), ("fc6", "fc7", "fc8")),
    "efficientnet_lite0": _NetworkEntry(
        efficientnet_lite0, ("initializer", "seed", "weights"), ("pool", "logits")
    ),
    "filter_bank": _NetworkEntry(filter_bank, _RANDOM),
    "multiscale": _NetworkEntry(multiscale),
    **{name: _application_entry(name) for name in APPLICATIONS},
}
NETWORKS = tuple(_REGISTRY)


def accepts_argument(network: str, argument: str) -> bool:
    """Returns whether `load_network` accepts an argument for a network."""
    return network in _REGISTRY and argument in _REGISTRY[network].arguments


@eager_only
def load_network(
    network: str,
    *,
    layers: Sequence[str] = (),
    pooling: str | None = None,
    subtract_mean: bool | None = None,
    initializer: str | None = None,
    seed: int = 0,
    weights: str | os.PathLike[str] | None = None,
    rescale_images: Any = None,
) -> keras.Model:
    """Returns a network by name, from a recipe's `.json` file, or from a `.keras` file.

    Arguments that are None take the network's default. Arguments that the network does not support
    raise an error, except for `seed`, which is ignored.

    Args:
        network: A name in `NETWORKS`, or the path of a recipe or of a file saved by Keras.
        layers: Names of the layers that will be used. A network by name or from a recipe includes
            its fully connected layers, which fix the image size, only if one of them is named.
        pooling: For VGGs; see `vgg19`.
        subtract_mean: For VGGs and filter banks with random weights; see `vgg19`.
        initializer: For networks with random weights; see `vgg19`.
        seed: For networks with random weights; see `vgg19`.
        weights: For `pretrained_vgg19`, `alexnet` and `efficientnet_lite0`: a file of trained
            weights, or "imagenet" if the network supports it.
        rescale_images: For `pretrained_vgg19`: images over which its filters are rescaled; see
            `rescale_filters`.

    Raises:
        ValueError: There is no such network, it does not support an argument, or a file cannot be
            loaded.
    """
    options = {
        "pooling": pooling,
        "subtract_mean": subtract_mean,
        "initializer": initializer,
        "weights": weights,
        "rescale_images": rescale_images,
    }
    options = {name: value for name, value in options.items() if value is not None}
    for name in options:
        if not accepts_argument(network, name):
            raise invalid_argument(name, f"no `{name}` with network '{network}'", options[name])
    if network in _REGISTRY:
        return _build_named(network, {"seed": seed, **options}, layers)
    if network.endswith(".json"):
        if is_multiscale_recipe(network):
            return read_multiscale_recipe(network, "network").build()
        recipe = read_recipe(network, "network")
        return recipe.build(include_top=any(layer in recipe.top for layer in layers))
    return _from_file(network)


def _build_named(network: str, options: dict[str, Any], layers: Sequence[str]) -> keras.Model:
    entry = _REGISTRY[network]
    arguments = {name: value for name, value in options.items() if name in entry.arguments}
    if entry.top:
        arguments["include_top"] = any(layer in entry.top for layer in layers)
    return entry.build(**arguments)


def _from_file(network: str) -> keras.Model:
    if not network.endswith(".keras"):
        check_choice("network", network, (*NETWORKS, "RECIPE.json", "PATH.keras"))
    return read_keras_file(network, "network", "a .keras file that Keras can load")


def read_keras_file(path: str, name: str, expected: str) -> keras.Model:
    """Loads a model saved by Keras, without compiling it.

    Args:
        path: The file.
        name: Name of the `path` argument in error messages.
        expected: Description of a valid file for the error message.

    Raises:
        ValueError: There is no such file, or Keras cannot load it.
    """
    if not os.path.isfile(path):
        raise invalid_argument(name, "the path of an existing .keras file", path)
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises many kinds of error on broken files.
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise invalid_argument(name, expected, f"{path} ({reason[0]})") from error


@eager_only
def make_ready(
    model: keras.Model, images: Any, layers: Sequence[str] = (), *, name: str = "images"
) -> None:
    """Normalises the activations of a network on reference images, in place.

    A network with random biases, such as `multiscale`, is standardised, so that its biases have
    the same meaning for every filter. A chain of rectified layers is calibrated, which changes
    only its scale. In other networks batch normalisation takes its statistics from the images,
    unless any of it is frozen (`trainable` is False), as with trained weights. Networks without
    any of these are unchanged, such as `filter_bank`, whose biases are zero.

    Args:
        model: A functional `keras.Model`.
        images: See `calibrate`.
        layers: Names of the layers that will be used; empty for all.
        name: Name of the `images` argument in error messages.

    Raises:
        ValueError: The images do not fit the model, or a layer's activations on them vanish or are
            not finite.
    """
    part = feature_extractor(model, layers) if layers else model
    if has_random_thresholds(part):
        standardize(part, images, name=name)
    elif can_calibrate(part):
        calibrate(part, images, name=name)
    elif not _has_own_statistics(part):
        adapt_batch_normalization(part, images, name=name)


def _has_own_statistics(model: keras.Model) -> bool:
    """Returns whether any batch normalisation is frozen, so that it keeps its statistics."""
    return any(
        isinstance(layer, keras.layers.BatchNormalization) and not layer.trainable
        for layer in model.layers
    )
