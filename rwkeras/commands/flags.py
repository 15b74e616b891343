"""Flags shared by the tools, and the settings objects made from them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from absl import flags

from rwkeras.backend import keras
from rwkeras.commands import network_flags  # noqa: F401 (its flags)
from rwkeras.commands.bits import check_bits
from rwkeras.commands.input_pictures import fit_picture, name_picture_in_errors
from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.images.batch import ImageBatch, as_batch
from rwkeras.images.reading import read_image
from rwkeras.images.writing import FileSettings
from rwkeras.networks.features import check_image_shape, feature_extractor
from rwkeras.networks.loading import NETWORKS, accepts_argument, load_network, make_ready
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.tasks.settings import InversionSettings
from rwkeras.tasks.terms import downscaled
from rwkeras.validation import invalid_argument

FLAGS = flags.FLAGS
# `report_every` is set from the monitor's interval; the other fields are for the Python API only.
_OPTIMIZER_FLAGS = (
    "optimizer",
    "max_iterations",
    "max_evaluations",
    "parametrization",
    "fourier_exponent",
    "decorrelate_colors",
    "precision",
    "tile_size",
    "max_memory",
    "checkpoint_dir",
    "checkpoint_seconds",
)
_QUALITIES = {"jpeg_quality": (".jpg", ".jpeg"), "webp_quality": (".webp",)}

flags.DEFINE_string("output", None, "Output picture; the extension selects the format.")
define_flags(FileSettings)
flags.DEFINE_integer(
    "variations",
    1,
    "Number of results, with consecutive seeds of weights and noise from --seed on. If more than "
    "one, each is written beside OUTPUT with its seed in its name, such as OUTPUT_seed3.png, and "
    "OUTPUT is a contact sheet of them. If the network is random, each result has its own.",
)
flags.DEFINE_integer(
    "image_size",
    256,
    "Length of the longer side that pictures are resampled to, in pixels; 0: original size.",
)
define_flags(OptimizerSettings, *_OPTIMIZER_FLAGS)
flags.DEFINE_string(
    "rescale_images",
    None,
    "Folder of pictures over which the mean activation of each filter of pretrained_vgg19 is "
    "rescaled to 1.",
)
define_flags(InversionSettings, "weighting")
flags.DEFINE_integer("save_every", 0, "Iterations between previews; 0: no previews.")
flags.DEFINE_string(
    "filmstrip",
    None,
    "Picture of the stages of the run, side by side: start, end, and frames between them at "
    "iterations that grow geometrically. With --variations, one row each.",
)
flags.DEFINE_string("report", None, "JSON file to write losses, settings and versions to.")
flags.DEFINE_string("logdir", None, "Folder for TensorBoard logs: losses and previews.")
flags.mark_flag_as_required("output")


def read(flag: str, path: str | None = None) -> ImageBatch:
    """Reads the picture that a flag names, resampled to `--image_size`.

    Args:
        flag: Name of the flag.
        path: Path of the picture; None for the flag's value.
    """
    path = str(FLAGS[flag].value) if path is None else path
    return as_batch(fit_picture(flag, path, read_image(path, flag), FLAGS.image_size), flag)


def network(layers: Sequence[str], image: ImageBatch, *, subtract_mean: bool) -> keras.Model:
    """Returns the network that the flags select, ready for an image.

    A named network is passed to `make_ready` with the image, or with a reduced copy if memory is
    bounded by `--tile_size` or `--max_memory`; a network from a file is used as it is.

    Args:
        layers: Layers whose activations are used.
        image: The image to prepare the network for.
        subtract_mean: Default of `--subtract_mean` for networks that have it.
    """
    given: dict[str, Any] = {name: FLAGS[name].value for name in ("pooling", "initializer", "seed")}
    if FLAGS.subtract_mean is not None or accepts_argument(FLAGS.network, "subtract_mean"):
        asked = FLAGS.subtract_mean
        given["subtract_mean"] = subtract_mean if asked is None else asked
    model = load_network(
        FLAGS.network,
        layers=layers,
        weights=FLAGS.weights,
        rescale_images=FLAGS.rescale_images,
        **given,
    )
    with name_picture_in_errors():
        check_image_shape(feature_extractor(model, layers), image.images.shape)
        if FLAGS.network in NETWORKS:
            large = FLAGS.tile_size is not None or FLAGS.max_memory is not None
            make_ready(model, downscaled(image.images) if large else image.images, layers)
    return model


def optimizer(report_every: int) -> OptimizerSettings:
    """Returns the optimiser settings of the flags."""
    return settings_from_flags(OptimizerSettings, *_OPTIMIZER_FLAGS, report_every=report_every)


def file_settings(output: Path, sheets: Iterable[Path] = ()) -> FileSettings:
    """Returns the file settings of the flags.

    Args:
        output: Path of the result.
        sheets: Paths of the other pictures.

    Raises:
        ValueError: A quality is given but no path has its format, or the format of the result does
            not support the bit depth.
    """
    paths = [output, *sheets]
    endings = {path.suffix.lower() for path in paths}
    for name, own in _QUALITIES.items():
        if FLAGS[name].present and not endings.intersection(own):
            expected = f"an output picture that ends in {' or '.join(own)} with it"
            raise invalid_argument(name, expected, FLAGS[name].value)
    return check_bits(settings_from_flags(FileSettings), output)
