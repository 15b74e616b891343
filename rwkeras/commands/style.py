"""Repaints a picture in the style of another, or of several.

Example:
    rwkeras-style --content=photo.jpg --style=painting.jpg --output=painted.png
"""

import dataclasses
from typing import Any

from absl import flags

from rwkeras.commands.flags import FLAGS, network, read
from rwkeras.commands.task import run_task
from rwkeras.objectives.joining import JOINS
from rwkeras.tasks.settings import STYLE_PRESETS, StyleSettings
from rwkeras.tasks.style import transfer_style

_WEIGHTS = ("content_weight", "style_weight", "tv_weight")

flags.DEFINE_string("content", None, "The picture to paint.")
flags.DEFINE_list("style", None, "The picture whose style to paint it in, or several.")
flags.DEFINE_enum("join", StyleSettings.join, list(JOINS), "How several styles are joined.")
flags.DEFINE_enum("preset", "painting", list(STYLE_PRESETS), "A named choice of the weights.")
for _name in _WEIGHTS:
    flags.DEFINE_float(_name, None, "Overrides the preset's.")
flags.mark_flags_as_required(["content", "style"])


def _settings() -> StyleSettings:
    """Returns the preset with what other flags override."""
    given: dict[str, Any] = {
        name: FLAGS[name].value for name in _WEIGHTS if FLAGS[name].value is not None
    }
    preset = STYLE_PRESETS[FLAGS.preset]
    return dataclasses.replace(preset, weighting=FLAGS.weighting, join=FLAGS.join, **given)


def main() -> int:
    """Runs the tool; returns its exit status."""

    def prepare():
        settings = _settings()
        content = read("content")
        styles = [read("style", path).images for path in FLAGS.style]
        layers = list(dict.fromkeys(settings.content_layers + settings.style_layers))
        model = network(layers, content, subtract_mean=True)

        def task(optimizer, callback):
            return transfer_style(
                model,
                content.images,
                styles,
                **dataclasses.asdict(settings),
                seed=FLAGS.seed,
                optimizer=optimizer,
                callback=callback,
            )

        return task

    return run_task(prepare)
