"""Synthesises a texture like that of a picture, or of several, of any size.

Example:
    rwkeras-texture --texture=pebbles.jpg --output=more_pebbles.png --output_size=512x256
"""

from absl import flags

from rwkeras.commands.flags import FLAGS, network, read
from rwkeras.commands.task import run_task
from rwkeras.networks.octaves import octave_layers, with_octaves
from rwkeras.objectives.joining import JOINS
from rwkeras.tasks.settings import TextureSettings
from rwkeras.tasks.texture import synthesize_texture
from rwkeras.validation import check_number, invalid_argument

flags.DEFINE_list("texture", None, "The picture of a texture, or several that are to be joined.")
flags.DEFINE_enum("join", TextureSettings.join, list(JOINS), "How several are joined.")
flags.DEFINE_integer(
    "octaves",
    1,
    "Match the layers at so many octaves of a Gaussian pyramid; 1: of the picture alone.",
)
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
        textures = [read("texture", path) for path in FLAGS.texture]
        check_number("octaves", FLAGS.octaves, integer=True, minimum=1)
        model, layers = network(FLAGS.layers, textures[0], subtract_mean=True), FLAGS.layers
        if FLAGS.octaves > 1:
            model = with_octaves(model, layers, FLAGS.octaves)
            layers = octave_layers(layers, FLAGS.octaves)

        def task(optimizer, callback):
            return synthesize_texture(
                model,
                [texture.images for texture in textures],
                layers,
                size,
                join=FLAGS.join,
                weighting=FLAGS.weighting,
                seed=FLAGS.seed,
                optimizer=optimizer,
                callback=callback,
            )

        return task

    return run_task(prepare)
