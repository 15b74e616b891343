"""Named choices of settings, and what suits a network where settings leave it open."""

import dataclasses
from typing import Any

from rwkeras.backend import keras
from rwkeras.networks.multiscale import JOINT, gram_layers, multiscale_layers
from rwkeras.tasks.settings import StyleSettings, TextureSettings

# The layers of a VGG whose Gram matrices make textures, as in the paper.
VGG_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")

_PAINTING = StyleSettings(
    content_layers=("conv2_2",),
    style_layers=(*VGG_LAYERS, "conv5_1"),
    content_weight=1.0,
    style_weight=100.0,
    tv_weight=1.0,
)

# "multiscale" is of that network: features of all levels, far lighter than style, let go of the
# content evenly. The others are of a VGG-19. The papers give content : style : tv = 100 : 1 : 1000
# without their units. With pixels in [0, 1], balanced layers and a total variation summed over the
# image, as here, that is a blurred copy of the content. With the total variation as a mean over
# pixels and channels, as "paper" has it for an image of 256 x 256, the copy is sharp, but still a
# copy. It paints once content and style trade places, 1 : 100, as in "painting".
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
# What of a style depends on the network where it is not given.
_SUITED = (
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
    """Returns the layers that hold the maps of each level of a multi-scale network."""
    names = {layer.name for layer in model.layers}
    return tuple(name for name in multiscale_layers(len(names)) if name in names)


def texture_layers(model: keras.Model) -> tuple[str, ...]:
    """Returns the layers whose Gram matrices make textures.

    They are those of `gram_layers`, or the levels of a multi-scale network that has not the maps of
    all on one grid, or the paper's of a VGG.
    """
    if not is_multiscale(model):
        return VGG_LAYERS
    levels = _levels(model)
    joined = any(layer.name == JOINT for layer in model.layers)
    return gram_layers(len(levels)) if joined else levels


def texture_settings(
    model: keras.Model, settings: TextureSettings = TextureSettings()
) -> TextureSettings:
    """Returns settings of textures whose layers, if they have none, suit a network."""
    if settings.layers is not None:
        return settings
    return dataclasses.replace(settings, layers=texture_layers(model))


def style_settings(model: keras.Model, settings: StyleSettings = StyleSettings()) -> StyleSettings:
    """Returns settings of styles that suit a network where they leave it open.

    What suits is the preset "multiscale", of the levels that the network has, or "painting" of a
    VGG.
    """
    if not is_multiscale(model):
        return completed(settings, STYLE_PRESETS["painting"])
    usual = dataclasses.replace(
        STYLE_PRESETS["multiscale"],
        content_layers=_levels(model),
        style_layers=texture_layers(model),
    )
    return completed(settings, usual)


def completed(settings: StyleSettings, usual: StyleSettings) -> StyleSettings:
    """Returns settings of styles with layers and weights of others where they have none."""
    missing: dict[str, Any] = {
        name: getattr(usual, name) for name in _SUITED if getattr(settings, name) is None
    }
    return dataclasses.replace(settings, **missing)
