"""Presets of settings, and defaults that depend on the network."""

import dataclasses
from typing import Any

from rwkeras.backend import keras
from rwkeras.networks.multiscale import JOINT, gram_layers, multiscale_layers
from rwkeras.tasks.settings import StyleSettings, TextureSettings

# Layers of a VGG used for textures, as in the paper.
VGG_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")

_PAINTING = StyleSettings(
    content_layers=("conv2_2",),
    style_layers=(*VGG_LAYERS, "conv5_1"),
    content_weight=1.0,
    style_weight=100.0,
    tv_weight=1.0,
)

# "multiscale" is for the network of that name: content features of all levels with a weight far
# below the style's loosen the content evenly. The other presets are for VGG-19. The papers give
# content : style : tv = 100 : 1 : 1000 without units. With pixels in [0, 1], balanced layers and
# total variation summed over the image, as here, these weights give a blurred copy of the content.
# With total variation as a mean over pixels and channels, as in "paper" for 256 x 256 images, the
# copy is sharp, but still a copy. Swapping content and style to 1 : 100, as in "painting", gives a
# painting.
STYLE_PRESETS = {
    "multiscale": StyleSettings(
        content_layers=multiscale_layers(),
        style_layers=gram_layers(),
        content_weight=0.2,
        style_weight=100.0,
        tv_weight=0.0,
        content_side=256,
    ),
    "painting": _PAINTING,
    "paper": dataclasses.replace(
        _PAINTING, content_weight=100.0, style_weight=1.0, tv_weight=1000 / (256 * 256 * 3)
    ),
}
# Style settings whose defaults depend on the network.
_NETWORK_DEPENDENT = (
    "content_layers",
    "style_layers",
    "content_weight",
    "style_weight",
    "tv_weight",
    "content_side",
)


def is_multiscale(model: keras.Model) -> bool:
    """Returns whether a network has the layers of `multiscale`."""
    names = {layer.name for layer in model.layers}
    return names.issuperset(multiscale_layers(1))


def _levels(model: keras.Model) -> tuple[str, ...]:
    """Returns the names of a multi-scale network's levels."""
    names = {layer.name for layer in model.layers}
    return tuple(name for name in multiscale_layers(len(names)) if name in names)


def _texture_layers(model: keras.Model) -> tuple[str, ...]:
    """Returns the names of the layers whose Gram matrices are matched by default.

    For a multi-scale network these are `gram_layers` if it has a layer that joins the maps of all
    levels on one grid, otherwise its levels. For other networks they are the paper's VGG layers.
    """
    if not is_multiscale(model):
        return VGG_LAYERS
    levels = _levels(model)
    joined = any(layer.name == JOINT for layer in model.layers)
    return gram_layers(len(levels)) if joined else levels


def texture_settings(
    model: keras.Model, settings: TextureSettings = TextureSettings()
) -> TextureSettings:
    """Returns texture settings with missing layers filled in by defaults for a network."""
    if settings.layers is not None:
        return settings
    return dataclasses.replace(settings, layers=_texture_layers(model))


def style_settings(model: keras.Model, settings: StyleSettings = StyleSettings()) -> StyleSettings:
    """Returns style settings with missing values filled in by defaults for a network.

    The defaults are the preset "multiscale", restricted to the levels that the network has, for a
    multi-scale network and "painting" for others.
    """
    if not is_multiscale(model):
        return fill_defaults(settings, STYLE_PRESETS["painting"])
    defaults = dataclasses.replace(
        STYLE_PRESETS["multiscale"],
        content_layers=_levels(model),
        style_layers=_texture_layers(model),
    )
    return fill_defaults(settings, defaults)


def fill_defaults(settings: StyleSettings, defaults: StyleSettings) -> StyleSettings:
    """Returns style settings with missing layers and weights filled in from `defaults`."""
    missing: dict[str, Any] = {
        name: getattr(defaults, name)
        for name in _NETWORK_DEPENDENT
        if getattr(settings, name) is None
    }
    return dataclasses.replace(settings, **missing)
