"""Flags shared by the tools, and the settings objects made from them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from absl import flags

from rwkeras.backend import keras
from rwkeras.commands import random_network  # noqa: F401 (its flags)
from rwkeras.commands.bits import check_bits
from rwkeras.commands.given import fitted, named_pictures
from rwkeras.images.batch import ImageBatch, as_batch
from rwkeras.images.reading import read_image
from rwkeras.images.writing import FileSettings
from rwkeras.networks.features import check_image_shape, feature_extractor
from rwkeras.networks.loading import NETWORKS, load_network, make_ready, takes
from rwkeras.objectives.balance import WEIGHTINGS
from rwkeras.optimizers.settings import OPTIMIZERS, PRECISIONS, OptimizerSettings
from rwkeras.parametrizations.parametrization import PARAMETRIZATIONS
from rwkeras.tasks.measured import reduced
from rwkeras.tasks.settings import InversionSettings
from rwkeras.validation import invalid_argument

FLAGS = flags.FLAGS
_OPTIMIZER = OptimizerSettings()
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

flags.DEFINE_string("output", None, "The picture to write; its ending says the format.")
flags.DEFINE_integer(
    "jpeg_quality", FileSettings.jpeg_quality, "Of .jpg files, from 1 to 100, which is best."
)
flags.DEFINE_integer(
    "webp_quality",
    FileSettings.webp_quality,
    "Of .webp files, from 0 to 100; if it is not given, they are lossless.",
)
flags.DEFINE_integer(
    "variations",
    1,
    "How many pictures to make, of consecutive seeds from --seed on. If more than one, each goes "
    "beside OUTPUT with its seed in its name, such as OUTPUT_seed3.png, and OUTPUT itself is a "
    "sheet that shows them side by side. A seed is of weights and of noise: where the network is "
    "drawn at random, each picture has one of its own.",
)
flags.DEFINE_integer(
    "image_size", 256, "Length of the longer side that pictures are resampled to; 0: as they are."
)
flags.DEFINE_enum(
    "optimizer",
    _OPTIMIZER.optimizer,
    list(OPTIMIZERS),
    "L-BFGS, that of TensorFlow Probability, or Adam.",
)
flags.DEFINE_integer("max_iterations", _OPTIMIZER.max_iterations, "Iterations at most.")
flags.DEFINE_integer(
    "max_evaluations",
    _OPTIMIZER.max_evaluations,
    "Evaluations of the network's gradient at most, which bounds the time; by default unbounded.",
)
flags.DEFINE_enum(
    "parametrization",
    _OPTIMIZER.parametrization,
    list(PARAMETRIZATIONS),
    "The coordinates in which the picture is varied: adapted to the layers, Fourier, or pixels as "
    "in the paper.",
)
flags.DEFINE_float(
    "fourier_exponent",
    _OPTIMIZER.fourier_exponent,
    "How fast amplitudes are expected to fall with frequency, f^-p; not for pixels.",
)
flags.DEFINE_bool(
    "decorrelate_colors",
    _OPTIMIZER.decorrelate_colors,
    "Whether red, green and blue are expected to be correlated; not for pixels.",
)
flags.DEFINE_enum(
    "precision",
    _OPTIMIZER.precision,
    list(PRECISIONS),
    "Of the network; auto begins in bfloat16 where that is faster and ends in float32.",
)
flags.DEFINE_integer(
    "tile_size",
    _OPTIMIZER.tile_size,
    "Evaluate the picture by tiles of so many pixels a side, for pictures whose activations do not "
    "fit in memory; by default the whole.",
)
flags.DEFINE_float(
    "max_memory",
    _OPTIMIZER.max_memory,
    "What the tool may take, in GiB: the picture is then evaluated by tiles if need be, and L-BFGS "
    "keeps fewer pairs; by default it is not bounded. The report has the peak.",
)
flags.DEFINE_string(
    "checkpoint_dir",
    None,
    "A folder to keep the state of the run in; run again with the same flags, it goes on, and with "
    "more iterations or evaluations it goes on from where it ended.",
)
flags.DEFINE_float(
    "checkpoint_seconds", _OPTIMIZER.checkpoint_seconds, "How long to wait between two saves."
)
flags.DEFINE_string(
    "network", "vgg19", f"One of {', '.join(NETWORKS)}, a recipe's .json, or a .keras file."
)
flags.DEFINE_string(
    "weights",
    None,
    "Trained weights of alexnet, efficientnet_lite0 or pretrained_vgg19: a file, or imagenet for "
    "the last two.",
)
flags.DEFINE_string(
    "rescale_images",
    None,
    "A folder of pictures over which each filter of pretrained_vgg19 is rescaled to mean 1.",
)
flags.DEFINE_enum(
    "weighting",
    InversionSettings.weighting,
    list(WEIGHTINGS),
    "How the gradients of layers are measured to balance them.",
)
flags.DEFINE_integer("save_every", 0, "Write a preview after every so many iterations; 0: none.")
flags.DEFINE_string(
    "filmstrip",
    None,
    "A picture to write of the stages of the run, side by side: the start, the end, and some "
    "between them, whose iterations grow by a factor. Of variations, each has its row.",
)
flags.DEFINE_string("report", None, "A JSON file to write losses, settings and versions to.")
flags.DEFINE_string("logdir", None, "A folder for TensorBoard: losses and previews.")
flags.mark_flag_as_required("output")


def read(flag: str, path: str | None = None) -> ImageBatch:
    """Returns the picture that a flag names, resampled as `--image_size` says.

    Args:
        flag: The flag's name.
        path: The picture; None for the flag's value.
    """
    path = str(FLAGS[flag].value) if path is None else path
    return as_batch(fitted(flag, path, read_image(path, flag), FLAGS.image_size), flag)


def network(layers: Sequence[str], image: ImageBatch, *, subtract_mean: bool) -> keras.Model:
    """Returns the network that the flags ask for, ready for an image.

    A named network is made ready on the image, or on a copy of one that is too large to be
    evaluated as a whole; one from a file is used as it is.

    Args:
        layers: The layers that will be asked for.
        image: The image whose activations matter.
        subtract_mean: What `--subtract_mean` is where it is not given and the network takes it.
    """
    given: dict[str, Any] = {name: FLAGS[name].value for name in ("pooling", "initializer", "seed")}
    if FLAGS.subtract_mean is not None or takes(FLAGS.network, "subtract_mean"):
        asked = FLAGS.subtract_mean
        given["subtract_mean"] = subtract_mean if asked is None else asked
    model = load_network(
        FLAGS.network,
        layers=layers,
        weights=FLAGS.weights,
        rescale_images=FLAGS.rescale_images,
        **given,
    )
    with named_pictures():
        check_image_shape(feature_extractor(model, layers), image.images.shape)
        if FLAGS.network in NETWORKS:
            large = FLAGS.tile_size is not None or FLAGS.max_memory is not None
            make_ready(model, reduced(image.images) if large else image.images, layers)
    return model


def optimizer(report_every: int) -> OptimizerSettings:
    """Returns the optimiser's settings as the flags give them."""
    given: dict[str, Any] = {name: FLAGS[name].value for name in _OPTIMIZER_FLAGS}
    return OptimizerSettings(**given, report_every=report_every)


def file_settings(output: Path, sheets: Iterable[Path] = ()) -> FileSettings:
    """Returns how pictures are written, as the flags say.

    Args:
        output: The result that will be written.
        sheets: What other pictures will be.

    Raises:
        ValueError: A quality is of a format that none of them has, or the result cannot have as
            many bits.
    """
    paths = [output, *sheets]
    endings = {path.suffix.lower() for path in paths}
    for name, own in _QUALITIES.items():
        if FLAGS[name].present and not endings.intersection(own):
            expected = f"a picture to write that ends in {' or '.join(own)} with it"
            raise invalid_argument(name, expected, FLAGS[name].value)
    return FileSettings(FLAGS.jpeg_quality, FLAGS.webp_quality, check_bits(output))
