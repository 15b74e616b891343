"""Trains a decoder that reconstructs pictures from a layer's activations in one pass.

The output file holds the network up to the layer, and its decoder. The same command resumes an
interrupted training.

Example:
    rwkeras-train-decoder --images=photos --layer=conv3_1 --output=decoder.keras
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np
from absl import flags
from tqdm.keras import TqdmCallback

from rwkeras.backend import keras
from rwkeras.commands import network_flags  # noqa: F401 (its flags)
from rwkeras.commands.launch import own_flags
from rwkeras.commands.outputs import check_logdir, check_named_outputs
from rwkeras.commands.report import write_json
from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.decoders.backup import check_no_backup, remove_backup
from rwkeras.decoders.photographs import Photographs
from rwkeras.decoders.settings import DecoderSettings, DecoderTraining
from rwkeras.decoders.train import train_decoder, training_photographs
from rwkeras.images.files import check_output, whole_file
from rwkeras.networks.loading import NETWORKS, load_network, make_ready
from rwkeras.tasks.settings import InversionSettings

FLAGS = flags.FLAGS
_SHAPE = ("upsampling", "width", "depth", "maps", "factors", "kernel_size")
# Without the seed, which is the network's.
_TRAINING = (
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
)
# Number of photographs that a named network is made ready on.
_REFERENCES = 16

flags.DEFINE_string("images", None, "Folder of photographs; default: those of scikit-image.")
define_flags(InversionSettings, "layer", more={"layer": "The decoder inverts this layer."})
flags.DEFINE_string("output", None, "Output .keras file.")
define_flags(DecoderSettings, *_SHAPE, more={"depth": "0 stands for None."})
define_flags(DecoderTraining, *_TRAINING)
flags.DEFINE_string(
    "backup_dir", None, "Folder for the training state; default: beside the output."
)
flags.DEFINE_string("logdir", None, "Folder for TensorBoard logs.")
flags.DEFINE_string("report", None, "JSON file to write measures and settings to.")
flags.mark_flag_as_required("output")


def _settings() -> tuple[DecoderSettings, DecoderTraining]:
    decoder = settings_from_flags(
        DecoderSettings, *_SHAPE, depth=FLAGS.depth or None, seed=FLAGS.seed
    )
    return decoder, settings_from_flags(DecoderTraining, *_TRAINING, seed=FLAGS.seed)


def _photographs(training: DecoderTraining) -> Photographs:
    found = training_photographs(FLAGS.images, training)
    if found.unreadable:
        names = ", ".join(found.unreadable[:3]) + (" ..." if len(found.unreadable) > 3 else "")
        count = len(found.unreadable)
        print(f"warning: {count} files cannot be read and are skipped: {names}", file=sys.stderr)
    return found


def _network(photos: Photographs, training: DecoderTraining) -> keras.Model:
    """Loads the network; a named one is made ready on some of the photographs."""
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
    # Not longer than the output's name, which may have the maximum length.
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
    remove_backup(str(backup))  # Last, so that the state survives write errors.
    measured = {name: values[-1] for name, values in trained.history.items()}
    if report is not None:
        found = {
            "history": trained.history,
            "photographs": trained.photographs,
            "unreadable": trained.unreadable,
            "seconds": round(trained.seconds, 3),
            "decoder": dataclasses.asdict(decoder),
            "training": dataclasses.asdict(training),
        }
        write_json(report, found, {flag.name: flag.value for flag in own_flags()})
    print(", ".join(f"{name}: {value:.4g}" for name, value in measured.items()))
