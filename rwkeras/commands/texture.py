"""Synthesises a texture of any size from one or several example pictures.

Example:
    rwkeras-texture --texture=pebbles.jpg --output=more_pebbles.png --output_size=512x256
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import flags

from rwkeras.commands import join_flags  # noqa: F401 (its flags)
from rwkeras.commands.flags import FLAGS, network, read
from rwkeras.commands.paths import check_paths, define_paths
from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.commands.sizes import (
    coarse_to_fine_scales,
    define_coarse_to_fine,
    draws,
)
from rwkeras.commands.source import Source
from rwkeras.commands.task import Task, run_task
from rwkeras.images.batch import ImageBatch
from rwkeras.metrics import seam_ratio
from rwkeras.networks.multiscale import gram_layers
from rwkeras.networks.octaves import octave_layers, with_octaves
from rwkeras.tasks.presets import VGG_LAYERS
from rwkeras.tasks.scales import ScaleSettings
from rwkeras.tasks.settings import TEXTURE_SCALES, TextureSettings, require_layers
from rwkeras.tasks.texture import check_source_weights, synthesize_texture
from rwkeras.validation import check_number, invalid_argument

define_paths("texture", None, "Picture of a texture, or several to combine.")
flags.DEFINE_integer(
    "octaves",
    1,
    "Number of octaves of a Gaussian pyramid whose layers are matched; 1: only the picture itself.",
)
define_flags(TextureSettings, "layers")
flags.DEFINE_string(
    "output_size", None, "WxH of the result in pixels; default: size of the source."
)
define_flags(TextureSettings, "tileable")
define_coarse_to_fine(TEXTURE_SCALES)
define_flags(TextureSettings, "draws")
FLAGS.set_default("network", "multiscale")
flags.mark_flag_as_required("texture")


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Returns (width, height) of "WxH", or None for None; raises `ValueError` for anything else."""
    if text is None:
        return None
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise invalid_argument("output_size", "WxH in pixels, such as 512x256", text)
    return int(width), int(height)


def _scales(size: tuple[int, int] | None, textures: Sequence[ImageBatch]) -> ScaleSettings | None:
    """Returns the scales, with the smallest size doubled for each further octave."""
    smallest = TEXTURE_SCALES.smallest * 2 ** (FLAGS.octaves - 1)
    scales = dataclasses.replace(TEXTURE_SCALES, smallest=smallest)
    sides = [max(texture.images.shape[1:3]) for texture in textures]
    side = min(*sides, max(size or textures[0].images.shape[1:3]))
    return coarse_to_fine_scales(scales, side)


def _settings(size: tuple[int, int] | None) -> TextureSettings:
    """Returns the settings of the flags, without scales and draws."""
    settings = settings_from_flags(
        TextureSettings,
        *("layers", "tileable", "weighting", "join", "source_weights", "seed"),
        output_size=size,
    )
    check_source_weights(settings.source_weights, len(FLAGS.texture))
    if settings.layers is not None:
        return settings
    layers = gram_layers() if FLAGS.network == "multiscale" else VGG_LAYERS
    return dataclasses.replace(settings, layers=layers)


def _measures(image: np.ndarray) -> dict[str, Any]:
    """Returns further measures of a texture for the report."""
    return {"seam_ratio": seam_ratio(image)[0]} if FLAGS.tileable else {}


def main() -> int:
    """Runs the tool; returns its exit status."""

    def prepare():
        size = parse_size(FLAGS.output_size)
        settings = _settings(size)
        textures = [read("texture", path) for path in FLAGS.texture]
        check_number("octaves", FLAGS.octaves, integer=True, minimum=1)
        layers = require_layers(settings.layers)
        model = network(layers, textures[0], subtract_mean=True)
        if FLAGS.octaves > 1:
            model = with_octaves(model, layers, FLAGS.octaves)
            layers = octave_layers(layers, FLAGS.octaves)
        scales = _scales(size, textures)
        settings = dataclasses.replace(settings, layers=layers, scales=scales, draws=draws(model))

        def run(optimizer, callback):
            return synthesize_texture(
                model,
                [texture.images for texture in textures],
                settings,
                optimizer=optimizer,
                callback=callback,
            )

        return Task(settings, run)

    check_paths("texture", required=True)
    profile = Source("texture", FLAGS.texture[0], alpha=False)
    return run_task(prepare, _measures, reads=("texture",), source=profile)
