"""Repaints a picture in the style of one or several others.

Example:
    rwkeras-style --content=photo.jpg --style=painting.jpg --output=painted.png
"""

import dataclasses
from typing import Any

import numpy as np
from absl import flags

from rwkeras.commands import join_flags  # noqa: F401 (its flags)
from rwkeras.commands.flags import FLAGS, network, read
from rwkeras.commands.input_pictures import register_mask
from rwkeras.commands.paths import check_paths, define_paths
from rwkeras.commands.settings_flags import define_flags, flag_values
from rwkeras.commands.sizes import (
    coarse_to_fine_scales,
    define_coarse_to_fine,
    draws,
)
from rwkeras.commands.source import Source
from rwkeras.commands.task import Task, run_task
from rwkeras.images.colors import match_colors, with_luminance_of
from rwkeras.images.reading import read_image, resize
from rwkeras.tasks.presets import STYLE_PRESETS
from rwkeras.tasks.settings import INITS, STYLE_SCALES, StyleSettings, require_layers
from rwkeras.tasks.start import as_start
from rwkeras.tasks.style import transfer_style
from rwkeras.tasks.texture import check_source_weights
from rwkeras.validation import invalid_argument

# Preset fields that flags override.
_OVERRIDES = (
    "content_weight",
    "style_weight",
    "tv_weight",
    "content_side",
    "content_layers",
    "style_layers",
)
# Flags that name input files.
_READS = ("content", "style", "content_masks", "style_masks", "init")

flags.DEFINE_string(
    "content",
    None,
    "Picture of the content. Its alpha channel, which is composited over white, and its ICC "
    "profile are copied to the result if the format supports them; pixel values are not "
    "colour-converted.",
)
define_paths("style", None, "Picture of the style, or several.")
define_paths(
    "content_masks",
    None,
    "Grey pictures with the content's aspect ratio, one per style: white where the style applies.",
)
define_paths(
    "style_masks", None, "Grey pictures, one per style: white where its statistics are measured."
)
define_flags(StyleSettings, "style_scale")
flags.DEFINE_enum(
    "preset",
    None,
    list(STYLE_PRESETS),
    "Preset of network, layers and weights: multiscale, with the network of that name, gives the "
    "best results; painting and paper use vgg19. The default depends on --network.",
)
define_flags(
    StyleSettings,
    *_OVERRIDES,
    more=dict.fromkeys(_OVERRIDES, "Overrides the preset."),
)
flags.DEFINE_string(
    "init",
    StyleSettings.init,
    "Initial image: content, noise, the path of a picture, or that of a decoder's .keras file, "
    "which is applied to the content.",
)
define_coarse_to_fine(STYLE_SCALES)
define_flags(StyleSettings, "draws")
flags.DEFINE_bool(
    "original_colors",
    False,
    "Whether the result keeps the colours of the content and takes only the luminance from the "
    "style. Losses are those before this.",
)
flags.DEFINE_bool(
    "match_colors",
    False,
    "Whether the styles' colours are first matched to those of the content in mean and covariance.",
)
FLAGS.set_default("network", "multiscale")
flags.mark_flags_as_required(["content", "style"])


def _preset() -> str:
    """Returns the preset, by default that of `--network`; sets `--network` to match a given one."""
    if FLAGS.preset is None:
        return "multiscale" if FLAGS.network == "multiscale" else "painting"
    if FLAGS.preset != "multiscale" and not FLAGS["network"].present:
        FLAGS["network"].value = "vgg19"
    return FLAGS.preset


def _settings() -> StyleSettings:
    """Returns the preset with overrides; raises `ValueError` for flags that conflict."""
    if FLAGS.original_colors and FLAGS.match_colors:
        expected = (
            "False with `original_colors`, which keeps the colours of the content in any case"
        )
        raise invalid_argument("match_colors", expected, FLAGS.match_colors)
    settings = dataclasses.replace(
        STYLE_PRESETS[_preset()],
        **flag_values(
            StyleSettings,
            *("weighting", "join", "source_weights", "style_scale", "seed", *_OVERRIDES),
        ),
    )
    check_source_weights(settings.source_weights, len(FLAGS.style))
    return settings


def _masks() -> dict[str, Any]:
    """Reads the masks of content and styles, as arguments of `transfer_style`."""
    given = {name: FLAGS[name].value for name in ("content_masks", "style_masks")}
    return {
        name: paths and [register_mask(name, path, read_image(path, name)) for path in paths]
        for name, paths in given.items()
    }


def main() -> int:
    """Runs the tool; returns its exit status."""
    source = Source("content")

    def prepare():
        for name in ("style", "content_masks", "style_masks"):
            check_paths(name, required=name == "style")
        settings = _settings()
        content = source.batch
        styles = [read("style", path).images for path in FLAGS.style]
        if FLAGS.match_colors:
            styles = [match_colors(style[0], content.images[0]) for style in styles]
        scales = coarse_to_fine_scales(STYLE_SCALES, max(content.images.shape[1:3]))
        masks, init = _masks(), None
        if FLAGS.init in INITS:
            settings = dataclasses.replace(settings, init=FLAGS.init)
        else:
            init = as_start(FLAGS.init, content.images, INITS)
        layers = require_layers(settings.content_layers) + require_layers(settings.style_layers)
        model = network(list(dict.fromkeys(layers)), content, subtract_mean=True)
        settings = dataclasses.replace(settings, scales=scales, draws=draws(model))

        def run(optimizer, callback):
            return transfer_style(
                model,
                content.images,
                styles,
                settings,
                init=init,
                **masks,
                optimizer=optimizer,
                callback=callback,
            )

        return Task(settings, run)

    def finish(image: np.ndarray) -> np.ndarray:
        """Returns a picture with the content's colours if `--original_colors` is given."""
        if not FLAGS.original_colors:
            return image
        content = source.batch.images[0].numpy()
        if content.shape != image.shape:
            content = resize(content, (image.shape[1], image.shape[0]))
        return with_luminance_of(content, image)

    noise = FLAGS.init == "noise"
    return run_task(prepare, reads=_READS, source=source, finish=finish, noise=noise)
