"""Trains a decoder that makes pictures of a layer's activations in one pass.

The file that is written holds the network up to the layer, and its decoder. A training that was
stopped goes on when the same command is given again.

Example:
    rwkeras-train-decoder --images=photos --layer=conv3_1 --output=decoder.keras
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags
from tqdm.keras import TqdmCallback

from rwkeras.backend import keras
from rwkeras.commands import random_network  # noqa: F401 (its flags)
from rwkeras.commands.launch import own_flags
from rwkeras.commands.outputs import check_logdir, check_named_outputs
from rwkeras.commands.report import write_json
from rwkeras.decoders.backup import check_no_backup, forget_backup
from rwkeras.decoders.photographs import Photographs
from rwkeras.decoders.settings import (
    PRECISIONS,
    UPSAMPLINGS,
    DecoderSettings,
    DecoderTraining,
)
from rwkeras.decoders.train import train_decoder, training_photographs
from rwkeras.images.files import check_output, whole_file
from rwkeras.networks.loading import NETWORKS, load_network, make_ready
from rwkeras.tasks.settings import InversionSettings
from rwkeras.validation import invalid_argument

FLAGS = flags.FLAGS
_DECODER, _TRAINING = DecoderSettings(), DecoderTraining()
# On so many of the photographs a network by name is made ready.
_REFERENCES = 16

flags.DEFINE_string(
    "images", None, "A folder of photographs; if it is not given, those of scikit-image."
)
flags.DEFINE_string("layer", InversionSettings.layer, "The layer to decode.")
flags.DEFINE_string("output", None, "The .keras file to write.")
flags.DEFINE_string(
    "network", "vgg19", f"One of {', '.join(NETWORKS)}, a recipe's .json, or a .keras file."
)
flags.DEFINE_string(
    "weights",
    None,
    "Trained weights of alexnet, efficientnet_lite0 or pretrained_vgg19: a file, or imagenet for "
    "the last two.",
)
flags.DEFINE_enum("upsampling", _DECODER.upsampling, list(UPSAMPLINGS), "How maps grow.")
flags.DEFINE_float("width", _DECODER.width, "How many maps the decoder has, of the network's.")
flags.DEFINE_integer(
    "depth", _DECODER.depth, "How many convolutions at each size; 0: as many as the network."
)
flags.DEFINE_list("maps", None, "How many maps at each size, the deepest first; not --width then.")
flags.DEFINE_list(
    "factors", None, "By how much maps grow each time; by default as the network shrinks them."
)
flags.DEFINE_integer("kernel_size", _DECODER.kernel_size, "The side of the decoder's filters.")
flags.DEFINE_integer("photo_size", _TRAINING.photo_size, "Photographs become squares of this side.")
flags.DEFINE_integer("crop_size", _TRAINING.crop_size, "The side of the crops of them.")
flags.DEFINE_float("held_out", _TRAINING.held_out, "The share of photographs that is measured.")
flags.DEFINE_integer("batch_size", _TRAINING.batch_size, "Crops a step.")
flags.DEFINE_integer("steps", _TRAINING.steps, "How many steps are made.")
flags.DEFINE_integer("epoch_steps", _TRAINING.epoch_steps, "Steps from one measure to the next.")
flags.DEFINE_float("learning_rate", _TRAINING.learning_rate, "Of Adam, at its highest.")
flags.DEFINE_bool(
    "vary_colors",
    _TRAINING.vary_colors,
    "Whether to change each crop's colours at random, for photographs that have few.",
)
flags.DEFINE_integer(
    "patience", _TRAINING.patience, "Early stopping: epochs without improvement; off by default."
)
flags.DEFINE_enum("precision", _TRAINING.precision, list(PRECISIONS), "Of activations.")
flags.DEFINE_string("backup_dir", None, "A folder for the state; by default beside the output.")
flags.DEFINE_string("logdir", None, "A folder for TensorBoard.")
flags.DEFINE_string("report", None, "A JSON file to write measures and settings to.")
flags.mark_flag_as_required("output")

_OF_TRAINING = (
    "photo_size",
    "crop_size",
    "held_out",
    "batch_size",
    "steps",
    "epoch_steps",
    "learning_rate",
    "vary_colors",
    "patience",
    "precision",
    "seed",
)


def _integers(flag: str) -> tuple[int, ...] | None:
    given = FLAGS[flag].value
    try:
        return None if given is None else tuple(int(value) for value in given)
    except ValueError as error:
        raise invalid_argument(flag, "integers with commas between them", given) from error


def _settings() -> tuple[DecoderSettings, DecoderTraining]:
    decoder = DecoderSettings(
        upsampling=FLAGS.upsampling,
        width=FLAGS.width,
        depth=FLAGS.depth or None,
        maps=_integers("maps"),
        factors=_integers("factors"),
        kernel_size=FLAGS.kernel_size,
        seed=FLAGS.seed,
    )
    given: dict[str, Any] = {name: FLAGS[name].value for name in _OF_TRAINING}
    return decoder, DecoderTraining(**given)


def _photographs(training: DecoderTraining) -> Photographs:
    found = training_photographs(FLAGS.images, training)
    if found.unreadable:
        names = ", ".join(found.unreadable[:3]) + (" ..." if len(found.unreadable) > 3 else "")
        count = len(found.unreadable)
        print(f"warning: {count} files cannot be read and are left out: {names}", file=sys.stderr)
    return found


def _network(photos: Photographs, training: DecoderTraining) -> keras.Model:
    """Returns the network, one by name made ready on some of the photographs."""
    model = load_network(
        FLAGS.network,
        layers=[FLAGS.layer],
        seed=FLAGS.seed,
        weights=FLAGS.weights,
        subtract_mean=FLAGS.subtract_mean,
        pooling=FLAGS.pooling,
        initializer=FLAGS.initializer,
    )
    if FLAGS.network in NETWORKS:
        side = model.input_shape[1]
        squares = photos.squares.take(_REFERENCES)
        if side is not None:
            squares = squares.map(lambda x: keras.ops.image.resize(x, (side, side)))
        images = np.stack([np.asarray(square) for square in squares]).astype(np.float32) / 255
        make_ready(model, images, [FLAGS.layer])
    return model


def main() -> None:
    """Runs the tool."""
    output = check_output(FLAGS.output, ending=".keras")
    report = check_output(FLAGS.report, "report") if FLAGS.report else None
    check_named_outputs(("images", "network", "weights"), output=output, report=report)
    decoder, training = _settings()
    # Not longer than the output's name, which may be as long as names can be.
    backup = Path(FLAGS.backup_dir or output.with_suffix(".state"))
    check_no_backup(str(backup), output=output, report=report)
    check_logdir(FLAGS.logdir)
    photos = _photographs(training)
    model = _network(photos, training)
    trained = train_decoder(
        model,
        FLAGS.layer,
        photos,
        decoder=decoder,
        training=training,
        backup_dir=str(backup),
        keep_backup=True,
        logdir=FLAGS.logdir,
        callbacks=[TqdmCallback(verbose=0, desc=output.stem, dynamic_ncols=True)],
    )
    with whole_file(output) as temporary:
        trained.model.save(temporary)
    forget_backup(str(backup))  # Not before: of what could not be written, the state is left.
    measured = {name: values[-1] for name, values in trained.history.items()}
    if report is not None:
        found = {
            "history": trained.history,
            "photographs": trained.photographs,
            "unreadable": trained.unreadable,
            "seconds": round(trained.seconds, 3),
        }
        write_json(report, found, {flag.name: flag.value for flag in own_flags()})
    print(", ".join(f"{name}: {value:.4g}" for name, value in measured.items()))
