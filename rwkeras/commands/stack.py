"""Stacks a random VGG on a picture, layer by layer, and writes its recipe.

The recipe is written after each layer; --resume continues an interrupted stack.

Example:
    rwkeras-stack --reference=photo.jpg --candidates=5 --output=recipe.json
"""

import dataclasses
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from absl import flags
from tqdm import tqdm

from rwkeras.commands import random_network_flags  # noqa: F401 (its flags)
from rwkeras.commands.input_pictures import fit_picture, name_picture_in_errors
from rwkeras.commands.launch import own_flags
from rwkeras.commands.outputs import check_named_outputs
from rwkeras.commands.report import write_json
from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.images.files import check_output, is_stream
from rwkeras.images.reading import read_image
from rwkeras.networks.recipe import ARCHITECTURES, Recipe, read_recipe
from rwkeras.stacking.settings import StackSettings
from rwkeras.stacking.stack import LayerChoice, StackResult, stack
from rwkeras.validation import check_number

FLAGS = flags.FLAGS
_SETTINGS = ("candidates", "max_iterations", "reduction", "precision")
flags.DEFINE_string("reference", None, "Picture whose inversion ranks the candidates.")
flags.DEFINE_string("output", None, "Recipe to write, a .json file.")
flags.DEFINE_integer(
    "image_size",
    128,
    "Length of the longer side that the picture is resampled to, in pixels; 0: original size.",
)
flags.DEFINE_enum("architecture", "vgg19", list(ARCHITECTURES), "Architecture of the network.")
flags.DEFINE_bool(
    "include_top",
    False,
    "Whether to stack fc6, fc7 and fc8 too, which require a picture of 256 x 256 pixels.",
)
define_flags(StackSettings, *_SETTINGS)
flags.DEFINE_bool("resume", False, "Whether to resume from the recipe in --output.")
flags.DEFINE_string("report", None, "JSON file to write the losses of all candidates to.")
flags.mark_flags_as_required(["reference", "output"])

_NETWORK = ("architecture", "include_top", "pooling", "subtract_mean", "initializer", "seed")


def _describe(result: StackResult) -> dict:
    """Returns the report of a stack."""
    return {
        "layers": [
            {
                "layer": choice.layer,
                "chosen": choice.chosen,
                "gain": choice.gain,
                "losses": choice.losses,
                "rungs": [rung._asdict() for rung in choice.rungs],
            }
            for choice in result.choices
        ]
    }


def _keep(recipe: Recipe, output: Path) -> None:
    """Writes an unfinished recipe, unless to a stream; a write error only gives a warning."""
    if is_stream(output):
        return
    try:
        recipe.save(output)
    except OSError as error:
        warnings.warn(f"The partial recipe cannot be written: {error}", stacklevel=2)


def main() -> None:
    """Runs the tool."""
    output = check_output(FLAGS.output, ending=".json")
    report = check_output(FLAGS.report, "report") if FLAGS.report else None
    check_named_outputs(("reference",), output=output, report=report)
    check_number("image_size", FLAGS.image_size, integer=True)
    settings = settings_from_flags(StackSettings, *_SETTINGS)
    resume = read_recipe(output, "output") if FLAGS.resume else None
    picture = read_image(FLAGS.reference, "reference")
    reference = fit_picture("reference", FLAGS.reference, picture, FLAGS.image_size)
    started = time.monotonic()
    with tqdm(unit="layer", desc=output.stem, dynamic_ncols=True) as bar:

        def show(recipe: Recipe, choice: LayerChoice) -> None:
            _keep(recipe, output)
            bar.write(
                f"{choice.layer}: candidate {choice.chosen} of {settings.candidates}, relative "
                f"loss {choice.losses[choice.chosen]:.3g}, 1/{choice.gain:.3g} of the first's",
                file=sys.stderr,
            )
            bar.update()

        given = {name: FLAGS[name].value for name in _NETWORK}
        # Use the defaults of `stack` for flags that are not given.
        network: dict[str, Any] = {name: v for name, v in given.items() if v is not None}
        with name_picture_in_errors("reference"):
            result = stack(reference, settings, **network, resume=resume, callback=show)
    result.recipe.save(output)
    if report is not None:
        found = {
            **_describe(result),
            "seconds": round(time.monotonic() - started, 3),
            "settings": dataclasses.asdict(settings),
        }
        write_json(report, found, {flag.name: flag.value for flag in own_flags()})
