"""Trains a feed-forward style transfer network with losses of untrained networks only.

The losses are `rwkeras.RandomPerceptualLoss`, a distance in networks with random weights, of the
photograph's features and of the style's Gram matrices at full and half size, and
`rwkeras.TotalVariation`. The networks are multi-scale networks, the default of
`rwkeras.transfer_style`, or VGGs. Training uses Keras's `compile` and `fit` on a model that returns
one image as several outputs. The saved file accepts images of any size, loads with Keras after
`import rwkeras`, and is exported for TensorFlow Serving as by `rwkeras-export --kind=decoder`.
Finally a photograph outside of the training set is rendered in one pass and by
`rwkeras.transfer_style`, and both are timed.

Requires `pip install 'rwkeras[demo,serving]'` and a checkout.

Example:
    python -m examples.feed_forward_style --style=painting.jpg --images=photos --output=style.keras

Flags for VGG-19, whose receptive fields are large enough for a single size:
    --architecture=vgg19 --width=0.5 --octaves=1 --style_weight=30 --tv_weight=1 --image_size=128
    --batch_size=4 --steps=1000 --learning_rate=0.004

References:
    Johnson, Alahi and Fei-Fei (2016), Perceptual losses for real-time style transfer and
    super-resolution: network and losses.
    Ulyanov, Vedaldi and Lempitsky (2017), Improved texture networks: instance normalisation.
    He, Wang and Hopcroft (2016), A powerful generative model using random weights for the deep
    image representation: why no trained weights are needed.
"""

import sys
import time
from typing import Any

import numpy as np
from absl import app, flags

import rwkeras
from examples.style_comparison import compare, sheet
from examples.style_training import StyleTraining, train
from rwkeras.backend import keras
from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.commands.streams import ignore_write_errors
from rwkeras.decoders.photographs import read_photographs
from rwkeras.images.files import check_output, whole_file
from rwkeras.images.outputs import Input, Output, check_no_overwrite
from rwkeras.images.painting import painting
from rwkeras.images.photographs import TRAINING_NAMES, photographs
from rwkeras.images.reading import fit_longer_side
from rwkeras.images.writing import check_image_output
from rwkeras.serving.export import export_decoder
from rwkeras.serving.versions import check_export_folder

# Default photograph for the comparison, by its name in scikit-image.
_PHOTO = "astronaut"


def _read(settings: StyleTraining, given: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the style and the photograph for the comparison."""
    if given["style"] is None:
        style = painting(settings.style_size)
    else:
        style = fit_longer_side(rwkeras.read_image(given["style"], "style"), settings.style_size)
    if given["photo"] is None:
        photo = photographs([_PHOTO])[0]
    else:
        photo = rwkeras.read_image(given["photo"], "photo")
    return style, fit_longer_side(photo, given["compared_size"])


def run(settings: StyleTraining, given: dict[str, Any]) -> None:
    """Trains, saves, exports and compares.

    Args:
        settings: Settings of the network and its training.
        given: The other flags, by name.
    """
    output = check_output(given["output"], ending=".keras")
    drawn = check_image_output(given["picture"] or output.with_suffix(".png"), "picture")
    check_no_overwrite(
        [Output("output", output), Output("picture", drawn)],
        [
            Input(name, given[name], deep=name == "images")
            for name in ("style", "images", "photo")
            if given[name] is not None
        ],
    )
    check_export_folder(given["export_dir"] or output.with_suffix(""))
    style, photo = _read(settings, given)
    images = given["images"] or photographs(TRAINING_NAMES)
    found = read_photographs(images, settings.photo_size, settings.image_size)
    for name in found.unreadable:
        print(f"warning: {name} cannot be read and is skipped", file=sys.stderr)
    started = time.perf_counter()
    network, _ = train(style, found.squares, settings)
    print(f"training time: {time.perf_counter() - started:.0f} s")
    with whole_file(output) as temporary:
        network.save(temporary)
    network = keras.saving.load_model(output)  # As users load the file.
    print(f"exported: {export_decoder(network, given['export_dir'] or output.with_suffix(''))}")
    if not given["compare"]:
        return
    optimizer = rwkeras.OptimizerSettings(max_iterations=given["iterations"])
    both = compare(
        network, photo, style, seed=settings.seed, optimizer=optimizer, pairs=given["pairs"]
    )
    for fast, slow in both.seconds:
        print(f"one pass: {fast:.3f} s, optimised: {slow:.1f} s, ratio {slow / fast:.0f}")
    rwkeras.write_image(drawn, sheet(photo, style, both, given["picture_size"]))


def _define_flags() -> None:
    flags.DEFINE_string("style", None, "Picture of the style; default: a generated painting.")
    flags.DEFINE_string(
        "images", None, "Folder of photographs for training; default: those of scikit-image."
    )
    flags.DEFINE_string("output", "style.keras", "Output .keras file.")
    flags.DEFINE_string(
        "export_dir",
        None,
        "Folder of the served model; default: the name of --output without its extension.",
    )
    flags.DEFINE_bool(
        "compare",
        True,
        "Whether to compare results and run times with optimisation on a photograph.",
    )
    flags.DEFINE_string(
        "photo",
        None,
        f"Photograph for the comparison, not used in training; default: {_PHOTO} of scikit-image.",
    )
    flags.DEFINE_integer("compared_size", 512, "Longer side of that photograph, in pixels.")
    flags.DEFINE_integer(
        "iterations", rwkeras.OptimizerSettings.max_iterations, "Iterations of the optimisation."
    )
    flags.DEFINE_integer("pairs", 1, "Number of timings of each method.")
    flags.DEFINE_string(
        "picture", None, "Contact sheet of the comparison; default: the name of --output with .png."
    )
    flags.DEFINE_integer(
        "picture_size", 512, "Longer side of each picture in the contact sheet, in pixels."
    )
    define_flags(StyleTraining)


def main(arguments: list[str]) -> None:
    """Runs the example."""
    if len(arguments) > 1:
        raise app.UsageError(f"Unexpected arguments: {' '.join(arguments[1:])}")
    given = flags.FLAGS.flag_values_dict()
    try:
        run(settings_from_flags(StyleTraining), given)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    ignore_write_errors("stdout", "stderr")
    _define_flags()
    app.run(main)
