"""Repaints a picture in the style of another, or of several.

Example:
    rwkeras-style --content=photo.jpg --style=painting.jpg --output=painted.png
"""

import dataclasses
import math
import os
import warnings
from typing import Any

import numpy as np
from absl import flags

from rwkeras.commands.flags import FLAGS, network, read
from rwkeras.commands.source import Source
from rwkeras.commands.task import run_task
from rwkeras.decoders.decnn import load_decoder
from rwkeras.decoders.decode import decode
from rwkeras.images.batch import ImageBatch
from rwkeras.images.colors import match_colors, with_luminance_of
from rwkeras.images.reading import read_image, resize
from rwkeras.objectives.joining import JOINS
from rwkeras.tasks.scales import ScaleSettings
from rwkeras.tasks.settings import INITS, STYLE_PRESETS, StyleSettings
from rwkeras.tasks.style import transfer_style
from rwkeras.validation import check_number, invalid_argument, suggestion

_WEIGHTS = ("content_weight", "style_weight", "tv_weight")
_LAYERS = ("content_layers", "style_layers")
_SCALES = ScaleSettings()

flags.DEFINE_string(
    "content",
    None,
    "The picture to paint. Its alpha channel, which is laid over white, and its ICC profile go "
    "over to the result in formats that hold them; pixel values are not colour-converted.",
)
flags.DEFINE_list("style", None, "The picture whose style to paint it in, or several.")
flags.DEFINE_enum("join", StyleSettings.join, list(JOINS), "How several styles are joined.")
flags.DEFINE_list(
    "source_weights",
    None,
    "How much each of several styles counts, such as 2,1; by default as much as its size.",
)
flags.DEFINE_list(
    "content_masks",
    None,
    "Where in the content each style goes: as many grey pictures as styles, white where it does.",
)
flags.DEFINE_list(
    "style_masks", None, "Which part of each style is taken, with --content_masks: grey pictures."
)
flags.DEFINE_float(
    "style_scale",
    1.0,
    "How large the styles are taken, as a factor of their size: smaller ones give finer strokes.",
)
flags.DEFINE_enum("preset", "painting", list(STYLE_PRESETS), "A named choice of the weights.")
for _name in _WEIGHTS:
    flags.DEFINE_float(_name, None, "Overrides the preset's.")
for _name in _LAYERS:
    flags.DEFINE_list(_name, None, "Overrides the preset's.")
flags.DEFINE_string(
    "init",
    StyleSettings.init,
    "What to start from: content, noise, the path of a picture, or that of a decoder's .keras "
    "file, for what it makes of the content.",
)
flags.DEFINE_bool(
    "coarse_to_fine",
    False,
    f"Whether to begin with a small picture, of at least {_SCALES.smallest} pixels, and to add "
    "detail as it grows. --max_iterations are those of the smallest.",
)
flags.DEFINE_bool(
    "original_colors",
    False,
    "Whether the result has the content's colours, and of the painting only what is light and what "
    "is dark. Losses are those of the picture before.",
)
flags.DEFINE_bool(
    "match_colors",
    False,
    "Whether the styles are first given the colours of the content, in mean and covariance.",
)
flags.mark_flags_as_required(["content", "style"])


def _source_weights() -> tuple[float, ...] | None:
    """Returns the weights of the styles, or raises `ValueError` unless each style has one."""
    given = FLAGS.source_weights
    if given is None:
        return None
    try:
        weights = tuple(float(text) for text in given)
    except ValueError:
        weights = ()
    usable = all(math.isfinite(weight) and weight >= 0 for weight in weights) and any(weights)
    if not usable or len(weights) != len(FLAGS.style):
        count = len(FLAGS.style)
        expected = f"as many numbers of at least 0 as styles, {count}, not all 0"
        raise invalid_argument("source_weights", expected, ",".join(given))
    return weights


def _settings() -> StyleSettings:
    """Returns the preset with what other flags override; refuses what does not go together."""
    if FLAGS.original_colors and FLAGS.match_colors:
        expected = (
            "no `match_colors` with `original_colors`, which takes the colours of the content "
            "whatever those of the styles are"
        )
        raise invalid_argument("match_colors", expected, FLAGS.match_colors)
    check_number("style_scale", FLAGS.style_scale, exclusive=True)
    given: dict[str, Any] = {
        name: FLAGS[name].value for name in _WEIGHTS if FLAGS[name].value is not None
    }
    for name in _LAYERS:
        layers = FLAGS[name].value
        if layers is not None:
            given[name] = tuple(layers)
    return dataclasses.replace(
        STYLE_PRESETS[FLAGS.preset],
        weighting=FLAGS.weighting,
        join=FLAGS.join,
        source_weights=_source_weights(),
        **given,
    )


def _init(content: ImageBatch) -> Any:
    """Returns what to start from, as `transfer_style` takes it: a name or an image."""
    init = FLAGS.init
    if init in INITS:
        return init
    if not os.path.isfile(init):
        names = ", ".join(f"'{name}'" for name in INITS)
        expected = f"{names}, or the path of a picture or of a decoder's .keras file, that exists"
        raise invalid_argument("init", expected + suggestion(init, INITS), init)
    if init.endswith(".keras"):
        return decode(load_decoder(init, "init"), content.images)
    return read("init").images


def _masks() -> dict[str, Any]:
    """Returns the regions of styles as `transfer_style` takes them."""
    given = {name: FLAGS[name].value for name in ("content_masks", "style_masks")}
    return {
        name: paths and [read_image(path, name) for path in paths] for name, paths in given.items()
    }


def _scales(content: ImageBatch) -> ScaleSettings | None:
    """Returns by what sizes the result is made."""
    if not FLAGS.coarse_to_fine:
        return None
    side = max(content.images.shape[1:3])
    if len(_SCALES.scales(side)) == 1:
        least = math.ceil(_SCALES.smallest * _SCALES.step)
        why = f"it takes a longer side of {least} pixels, not of {side}"
        warnings.warn(f"`coarse_to_fine` changes nothing: {why}.", stacklevel=2)
    return _SCALES


def main() -> int:
    """Runs the tool; returns its exit status."""
    source = Source("content")

    def prepare():
        settings = _settings()
        content = source.batch
        styles = [read("style", path).images for path in FLAGS.style]
        if FLAGS.match_colors:
            styles = [match_colors(style[0], content.images[0]) for style in styles]
        init, scales, masks = _init(content), _scales(content), _masks()
        layers = list(dict.fromkeys(settings.content_layers + settings.style_layers))
        model = network(layers, content, subtract_mean=True)

        def task(optimizer, callback):
            return transfer_style(
                model,
                content.images,
                styles,
                **{**dataclasses.asdict(settings), "init": init},
                **masks,
                style_scale=FLAGS.style_scale,
                scales=scales,
                seed=FLAGS.seed,
                optimizer=optimizer,
                callback=callback,
            )

        return task

    def finish(image: np.ndarray) -> np.ndarray:
        """Returns a picture in the colours asked for."""
        if not FLAGS.original_colors:
            return image
        content = source.batch.images[0].numpy()
        if content.shape != image.shape:
            content = resize(content, (image.shape[1], image.shape[0]))
        return with_luminance_of(content, image)

    return run_task(prepare, source=source, finish=finish, noise=FLAGS.init == "noise")
