"""Exports a task with its network as a model for TensorFlow Serving.

Example:
    rwkeras-export --kind=style --reference=painting.jpg --output_dir=models/style
"""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from absl import flags

from rwkeras.backend import keras
from rwkeras.commands import random_network_flags  # noqa: F401 (its flags)
from rwkeras.commands.input_pictures import fit_picture, name_picture_in_errors
from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.images.batch import as_batch
from rwkeras.images.reading import read_image
from rwkeras.networks.circular import with_mirrored_padding
from rwkeras.networks.loading import NETWORKS, accepts_argument, load_network, make_ready
from rwkeras.networks.multiscale_recipe import is_multiscale_recipe
from rwkeras.networks.recipe import Recipe, read_recipe
from rwkeras.serving.export import export_decoder, export_task
from rwkeras.serving.graph.task import ServedTask
from rwkeras.serving.graph.tasks import ServedInversion, ServedStyle, ServedTexture
from rwkeras.serving.settings import ServingSettings
from rwkeras.serving.versions import check_export_folder
from rwkeras.tasks.presets import (
    STYLE_PRESETS,
    is_multiscale,
    style_settings,
    texture_settings,
)
from rwkeras.tasks.settings import InversionSettings, StyleSettings, TextureSettings
from rwkeras.validation import invalid_argument

FLAGS = flags.FLAGS
# Limits whose flags have the same names.
_LIMITS = ("max_evaluations", "evaluations_limit", "max_side", "max_pixels")
_REFERENCE_SIDE = 256
_OF_VGG = ("painting", "paper")
_Scaled = TypeVar("_Scaled", StyleSettings, TextureSettings)

flags.DEFINE_string("output_dir", None, "Folder of the model, in which a new version is created.")
flags.DEFINE_string(
    "network",
    None,
    "Name of a network, a recipe's .json, or a .keras file; default: vgg19 for inversion and for "
    "the presets painting and paper, otherwise multiscale.",
)
flags.DEFINE_string(
    "reference",
    None,
    "Picture on which a network given by name or by a multi-scale recipe is calibrated.",
)
flags.DEFINE_enum(
    "weights",
    "stored",
    ["stored", "generated"],
    "Whether the export stores the weights or generates them when loaded.",
)
flags.DEFINE_integer(
    "iterations",
    ServingSettings.max_iterations,
    "Default maximum number of iterations of a request; with coarse-to-fine synthesis, at the "
    "first size.",
)
flags.DEFINE_bool(
    "coarse_to_fine",
    None,
    "Whether styles and textures are synthesised from coarse to fine; default: only with the "
    "multi-scale network.",
)
define_flags(ServingSettings, *_LIMITS)
flags.DEFINE_integer("version", None, "Version number; default: the next one.")
flags.DEFINE_bool("warmup", True, "Whether to write a warm-up request for the server.")
flags.DEFINE_enum(
    "preset",
    None,
    list(STYLE_PRESETS),
    "Layers and weights of style transfer; the default depends on the network.",
)
define_flags(
    TextureSettings,
    "layers",
    more={"layers": "For --kind=texture."},
)
define_flags(InversionSettings, "layer", more={"layer": "For --kind=invert."})
flags.mark_flag_as_required("output_dir")


def _at_scales(model: keras.Model, settings: _Scaled) -> _Scaled:
    """Returns settings without scales if pictures are not made from coarse to fine."""
    coarse_to_fine = FLAGS.coarse_to_fine
    if coarse_to_fine is None:
        coarse_to_fine = is_multiscale(model)
    return settings if coarse_to_fine else dataclasses.replace(settings, scales=None)


def _style(model: keras.Model) -> ServedTask:
    settings = STYLE_PRESETS[FLAGS.preset] if FLAGS.preset else style_settings(model)
    return ServedStyle(_at_scales(model, settings))


def _texture(model: keras.Model) -> ServedTask:
    settings = texture_settings(model, settings_from_flags(TextureSettings, "layers"))
    return ServedTexture(_at_scales(model, settings))


def _inversion(model: keras.Model) -> ServedTask:
    if FLAGS.coarse_to_fine:
        raise invalid_argument("coarse_to_fine", "None with --kind=invert", True)
    return ServedInversion(settings_from_flags(InversionSettings, "layer"))


_TASKS: dict[str, Callable[[keras.Model], ServedTask]] = {
    "style": _style,
    "texture": _texture,
    "invert": _inversion,
}
_DECODER = "decoder"
flags.DEFINE_enum(
    "kind",
    "style",
    [*_TASKS, _DECODER],
    "Task of the model; decoder: the network of a .keras file from images to images.",
)


def _settings() -> ServingSettings:
    return settings_from_flags(ServingSettings, *_LIMITS, max_iterations=FLAGS.iterations)


def _network_name() -> str:
    """Returns `--network`, or the default for the kind and preset."""
    if FLAGS.network is not None:
        return FLAGS.network
    return "vgg19" if FLAGS.kind == "invert" or FLAGS.preset in _OF_VGG else "multiscale"


def _load(network: str) -> keras.Model:
    """Loads a network by name or file, before `make_ready`."""
    subtract_mean = FLAGS.subtract_mean
    if subtract_mean is None and accepts_argument(network, "subtract_mean"):
        subtract_mean = FLAGS.kind != "invert"
    return load_network(
        network,
        layers=FLAGS.layers or [FLAGS.layer],
        seed=FLAGS.seed,
        subtract_mean=subtract_mean,
        pooling=FLAGS.pooling,
        initializer=FLAGS.initializer,
    )


def _prepare(network: str, model: keras.Model, task: ServedTask) -> keras.Model:
    """Returns a network by name or of a multi-scale recipe made ready on `--reference`.

    Networks from other files are returned unchanged. The multi-scale network gets mirrored padding,
    as in the tasks.
    """
    if network not in NETWORKS and not is_multiscale_recipe(network):
        if FLAGS.reference is not None:
            expected = "None with a network whose file is already calibrated"
            raise invalid_argument("reference", expected, FLAGS.reference)
        return model
    if FLAGS.reference is None:
        expected = "a picture, with a network given by name or by a multi-scale recipe"
        raise invalid_argument("reference", expected, "none")
    picture = read_image(FLAGS.reference, "reference")
    reference = fit_picture("reference", FLAGS.reference, picture, _REFERENCE_SIDE)
    layers = [name for names in task.layers.values() for name in names]
    with name_picture_in_errors("reference"):
        make_ready(model, as_batch(reference).images, layers)
    return with_mirrored_padding(model) if is_multiscale(model) else model


def _recipe(network: str) -> Recipe | None:
    """Returns the VGG recipe from which weights can be generated at load, or None."""
    if not network.endswith(".json") or is_multiscale_recipe(network):
        return None
    return read_recipe(network, "network")


def _export_task(folder: str) -> Path:
    network, settings = _network_name(), _settings()
    recipe = _recipe(network)
    if FLAGS.weights == "generated" and recipe is None:
        expected = "stored, with a network that is not a VGG recipe"
        raise invalid_argument("weights", expected, "generated")
    model = _load(network)
    task = _TASKS[FLAGS.kind](model)
    return export_task(
        task,
        _prepare(network, model, task),
        folder,
        settings=settings,
        recipe=recipe,
        generated=FLAGS.weights == "generated",
        version=FLAGS.version,
        warmup=FLAGS.warmup,
    )


def _export_decoder(folder: str) -> Path:
    if not (FLAGS.network or "").endswith(".keras"):
        raise invalid_argument("network", "a .keras file with --kind=decoder", FLAGS.network)
    model = load_network(FLAGS.network)
    return export_decoder(
        model, folder, settings=_settings(), version=FLAGS.version, warmup=FLAGS.warmup
    )


def main() -> None:
    """Runs the tool."""
    folder = os.path.normpath(FLAGS.output_dir)
    check_export_folder(folder, FLAGS.version)
    export = _export_decoder if FLAGS.kind == _DECODER else _export_task
    print(f"exported: {export(folder)}")
