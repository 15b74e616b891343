"""Trains a network that paints any photograph in one style in one pass, by untrained weights alone.

The losses are distances in a VGG whose weights are random: `rwkeras.RandomPerceptualLoss` of the
features of the photograph and of the Gram matrices of the style, and `rwkeras.TotalVariation`.
Training is Keras's own `compile` and `fit` of a model with one picture as two outputs. The file
that is written takes pictures of any size, loads with Keras after `import rwkeras`, and is exported
for TensorFlow Serving as `rwkeras-export --kind=decoder` does. At last a photograph that was not
trained on is painted in one pass, and by `rwkeras.transfer_style`, and both are timed.

It needs `pip install 'rwkeras[demo,serving]'`, and runs in the checkout.

Example:
    python -m examples.feed_forward_style --style=painting.jpg --images=photos --output=style.keras

References:
    Johnson, Alahi and Fei-Fei (2016), Perceptual losses for real-time style transfer and
    super-resolution: network and losses.
    Ulyanov, Vedaldi and Lempitsky (2017), Improved texture networks: instance normalisation.
    He, Wang and Hopcroft (2016), A powerful generative model using random weights for the deep
    image representation: why no trained weights are needed.
"""

import dataclasses
import sys
from typing import Any

import numpy as np
import tensorflow as tf
from absl import app, flags

import rwkeras
from examples.settings_flags import define_flags, given_settings, setting
from examples.style_comparison import compare, sheet
from examples.style_network import give_colors, style_network
from rwkeras.backend import keras
from rwkeras.commands.streams import keep_progress_from_failing
from rwkeras.decoders.crops import random_crops
from rwkeras.images.files import check_output, whole_file
from rwkeras.images.outputs import Input, Output, check_apart
from rwkeras.images.painting import painting
from rwkeras.images.photographs import OTHERS, photographs
from rwkeras.images.reading import fit_longer_side
from rwkeras.images.writing import check_image_output
from rwkeras.serving.export import check_export_folder, export_decoder
from rwkeras.validation import check_number, invalid_argument

# What is painted at last, by the name that scikit-image has for it.
_PHOTO = "astronaut"


@dataclasses.dataclass(frozen=True)
class Settings:
    """What is trained, and how; each field is a flag."""

    photo_size: int = setting(512, "Photographs become squares of this side.")
    image_size: int = setting(128, "The side of the crops of them that are trained on.")
    style_size: int = setting(256, "The longer side to which the style is resampled.")
    batch_size: int = setting(4, "Crops a step.")
    steps: int = setting(1000, "How many steps are made.")
    epoch_steps: int = setting(50, "After how many of them the losses are said.")
    learning_rate: float = setting(4e-3, "Of Adam at first; it falls to zero along a cosine.")
    maps: int = setting(
        16, "Maps at the picture's size; twice and four times that where it shrinks."
    )
    blocks: int = setting(5, "Residual blocks, at a quarter of the picture's size.")
    architecture: str = setting("vgg19", "Of the random network: vgg19 or toy_vgg.")
    width: float = setting(0.5, "The share of its filters.")
    feature_layers: tuple[str, ...] = setting(
        ("conv2_2",), "Where it is to be like the photograph."
    )
    style_layers: tuple[str, ...] = setting(
        ("conv1_1", "conv2_1", "conv3_1", "conv4_1"), "Where Gram matrices are to be the style's."
    )
    style_weight: float = setting(30.0, "How much those count, where the photograph counts 1.")
    tv_weight: float = setting(1.0, "How much the mean squared difference of neighbours counts.")
    seed: int = setting(0, "Of all that is drawn.")

    def __post_init__(self):
        for name in ("image_size", "style_size", "maps", "blocks"):
            check_number(name, getattr(self, name), integer=True, minimum=1)
        if self.image_size > self.photo_size:
            expected = f"at most `photo_size`, {self.photo_size}"
            raise invalid_argument("image_size", expected, self.image_size)
        self.crops()  # Which checks the rest.

    def crops(self) -> rwkeras.DecoderTraining:
        """Returns how photographs are cut, which is as decoders learn."""
        names = ("photo_size", "batch_size", "steps", "epoch_steps", "learning_rate", "seed")
        shared = {name: getattr(self, name) for name in names}
        return rwkeras.DecoderTraining(crop_size=self.image_size, **shared)


def compiled(network: keras.Model, settings: Settings) -> keras.Model:
    """Returns the network as a model whose picture is two outputs, each with a loss of its own."""
    distance: dict[str, Any] = {
        "architecture": settings.architecture,
        "width": settings.width,
        "subtract_mean": True,
        "seed": settings.seed,
    }
    losses = {
        "content": rwkeras.RandomPerceptualLoss(
            **distance, feature_layers=settings.feature_layers, name="content"
        ),
        "style": rwkeras.RandomPerceptualLoss(
            **distance, feature_layers=(), style_layers=settings.style_layers, name="style"
        ),
    }
    # Here, not in the network, which would reckon it whenever it paints.
    smooth = rwkeras.TotalVariation(settings.tv_weight / settings.image_size**2)
    painted = keras.layers.Activation("linear", activity_regularizer=smooth)(network.outputs[0])
    model = keras.Model(network.inputs[0], {"content": painted, "style": painted})
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.steps)
    weights = {"content": 1.0, "style": settings.style_weight}
    model.compile(keras.optimizers.Adam(rate), losses, loss_weights=weights, jit_compile=False)
    return model


def train(
    style: np.ndarray, squares: tf.data.Dataset, settings: Settings
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Trains a network to paint in a style.

    Args:
        style: float32 RGB in [0, 1], [height, width, 3].
        squares: What to paint, uint8 RGB, [photo_size, photo_size, 3] each.
        settings: The network and its training.

    Returns:
        The network, and by epoch the "loss", the "content_loss" and the "style_loss".
    """
    manner = tf.constant(style[np.newaxis])
    batches = random_crops(squares, settings.crops(), "style").map(
        lambda crops, _: (crops, {"content": crops, "style": manner})
    )
    network = style_network(settings.maps, settings.blocks, settings.seed)
    give_colors(network, style)
    history = compiled(network, settings).fit(
        batches,
        epochs=settings.steps // settings.epoch_steps,
        steps_per_epoch=settings.epoch_steps,
        shuffle=False,  # Which the dataset has done.
        verbose=2,
    )
    return network, history.history


def _read(settings: Settings, given: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the style and the photograph that is painted at last."""
    if given["style"] is None:
        style = painting(settings.style_size)
    else:
        style = fit_longer_side(rwkeras.read_image(given["style"], "style"), settings.style_size)
    if given["photo"] is None:
        photo = photographs([_PHOTO])[0]
    else:
        photo = rwkeras.read_image(given["photo"], "photo")
    return style, fit_longer_side(photo, given["compared_size"])


def run(settings: Settings, given: dict[str, Any]) -> None:
    """Trains, writes, exports and compares.

    Args:
        settings: The network and its training.
        given: The other flags by name.
    """
    output = check_output(given["output"], ending=".keras")
    drawn = check_image_output(given["picture"] or output.with_suffix(".png"), "picture")
    check_apart(
        [Output("output", output), Output("picture", drawn)],
        [
            Input(name, given[name], deep=name == "images")
            for name in ("style", "images", "photo")
            if given[name] is not None
        ],
    )
    check_export_folder(given["export_dir"] or output.with_suffix(""))
    style, photo = _read(settings, given)
    images = given["images"] or photographs(OTHERS)
    found = rwkeras.read_photographs(images, settings.photo_size, settings.image_size)
    for name in found.unreadable:
        print(f"warning: {name} cannot be read and is left out", file=sys.stderr)
    network, _ = train(style, found.squares, settings)
    with whole_file(output) as temporary:
        network.save(temporary)
    network = keras.saving.load_model(output)  # As whoever has the file will.
    print(f"exported: {export_decoder(network, given['export_dir'] or output.with_suffix(''))}")
    if not given["compare"]:
        return
    optimizer = rwkeras.OptimizerSettings(max_iterations=given["iterations"])
    both = compare(
        network, photo, style, seed=settings.seed, optimizer=optimizer, pairs=given["pairs"]
    )
    for fast, slow in both.seconds:
        print(f"one pass: {fast:.3f} s, optimised: {slow:.1f} s, {slow / fast:.0f} times as long")
    rwkeras.write_image(drawn, sheet(photo, style, both, given["picture_size"]))


def _define_flags() -> None:
    flags.DEFINE_string("style", None, "A picture of the style; by default one is drawn.")
    flags.DEFINE_string("images", None, "A folder of photographs; by default scikit-image's.")
    flags.DEFINE_string("output", "style.keras", "The .keras file to write.")
    flags.DEFINE_string("export_dir", None, "Of the served model; by default named as the file.")
    flags.DEFINE_bool("compare", True, "Whether to paint a photograph both ways, and to time it.")
    flags.DEFINE_string("photo", None, f"That photograph, not trained on; by default {_PHOTO}.")
    flags.DEFINE_integer("compared_size", 512, "Its longer side.")
    flags.DEFINE_integer(
        "iterations", rwkeras.OptimizerSettings.max_iterations, "Of the optimisation."
    )
    flags.DEFINE_integer("pairs", 1, "How many times both ways are timed.")
    flags.DEFINE_string("picture", None, "What came of it; by default a .png named as the file.")
    flags.DEFINE_integer("picture_size", 512, "The longer side of each picture in it.")
    define_flags(Settings)


def main(arguments: list[str]) -> None:
    """Runs it as the flags say."""
    if len(arguments) > 1:
        raise app.UsageError(f"Unexpected arguments: {' '.join(arguments[1:])}")
    given = flags.FLAGS.flag_values_dict()
    try:
        run(given_settings(Settings), given)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    keep_progress_from_failing("stdout", "stderr")
    _define_flags()
    app.run(main)
