"""Synthesises a texture like a picture's, of any size.

Example:
    rwkeras-texture --texture=pebbles.jpg --output=more_pebbles.png --output_size=512x256
"""

from absl import flags

from rwkeras.commands.flags import FLAGS, network, read
from rwkeras.commands.task import run_task
from rwkeras.tasks.settings import TextureSettings
from rwkeras.tasks.texture import synthesize_texture
from rwkeras.validation import invalid_argument

flags.DEFINE_string("texture", None, "The picture of a texture.")
flags.DEFINE_list("layers", list(TextureSettings.layers), "Layers whose Gram matrices to match.")
flags.DEFINE_string("output_size", None, "WxH of the result in pixels; by default the source's.")
flags.mark_flag_as_required("texture")


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Returns (width, height) of "WxH", or None for None; raises `ValueError` for anything else."""
    if text is None:
        return None
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise invalid_argument("output_size", "WxH in pixels, such as 512x256", text)
    return int(width), int(height)


def main() -> int:
    """Runs the tool; returns its exit status."""

    def prepare():
        size = parse_size(FLAGS.output_size)
        texture = read("texture")
        model = network(FLAGS.layers, texture, subtract_mean=True)

        def task(optimizer, callback):
            return synthesize_texture(
                model,
                texture.images,
                FLAGS.layers,
                size,
                weighting=FLAGS.weighting,
                seed=FLAGS.seed,
                optimizer=optimizer,
                callback=callback,
            )

        return task

    return run_task(prepare)
