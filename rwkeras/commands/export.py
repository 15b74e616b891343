"""Exports a task with its network as a model that TensorFlow Serving runs.

Example:
    rwkeras-export --kind=style --network=recipe.json --output_dir=saved_models/ranvgg_style
"""

import os
from collections.abc import Callable
from pathlib import Path

from absl import flags

from rwkeras.backend import keras
from rwkeras.commands import random_network  # noqa: F401 (its flags)
from rwkeras.images.batch import as_batch
from rwkeras.images.reading import fit_longer_side, read_image
from rwkeras.networks.loading import NETWORKS, load_network, make_ready, takes
from rwkeras.networks.recipe import Recipe, read_recipe
from rwkeras.serving.export import export_decoder, export_task
from rwkeras.serving.graph.tasks import ServedInversion, ServedStyle, ServedTask, ServedTexture
from rwkeras.serving.settings import ServingSettings
from rwkeras.tasks.settings import STYLE_PRESETS, InversionSettings, TextureSettings
from rwkeras.validation import invalid_argument

FLAGS = flags.FLAGS
_SERVING = ServingSettings()
_REFERENCE_SIDE = 256

flags.DEFINE_string("output_dir", None, "The model's folder, in which a version is made.")
flags.DEFINE_string("network", "vgg19", "A network by name, a recipe's .json, or a .keras file.")
flags.DEFINE_string("reference", None, "A picture on which a network by name is made ready.")
flags.DEFINE_enum("weights", "stored", ["stored", "generated"], "In the export, or at load.")
flags.DEFINE_integer("iterations", _SERVING.max_iterations, "Iterations of an optimisation.")
flags.DEFINE_integer(
    "max_evaluations",
    _SERVING.max_evaluations,
    "Evaluations of the gradient at most; 0: a quarter more than a request's iterations.",
)
flags.DEFINE_integer(
    "evaluations_limit", _SERVING.evaluations_limit, "What a request may ask for at most."
)
flags.DEFINE_integer("max_side", _SERVING.max_side, "Larger images are scaled down to this.")
flags.DEFINE_integer("max_pixels", _SERVING.max_pixels, "Larger images are refused.")
flags.DEFINE_integer("version", None, "The version's number; by default the next.")
flags.DEFINE_bool("warmup", True, "Whether to write a request that the server warms up with.")
flags.DEFINE_enum("preset", "painting", list(STYLE_PRESETS), "Of a style: its weights.")
flags.DEFINE_list("layers", list(TextureSettings.layers), "Of a texture: the layers to match.")
flags.DEFINE_string("layer", InversionSettings.layer, "Of an inversion: the layer.")
flags.mark_flag_as_required("output_dir")

_TASKS: dict[str, Callable[[], ServedTask]] = {
    "style": lambda: ServedStyle(STYLE_PRESETS[FLAGS.preset]),
    "texture": lambda: ServedTexture(TextureSettings(layers=tuple(FLAGS.layers))),
    "invert": lambda: ServedInversion(InversionSettings(layer=FLAGS.layer)),
}
_DECODER = "decoder"
flags.DEFINE_enum(
    "kind",
    "style",
    [*_TASKS, _DECODER],
    "What the model does; a decoder is a .keras file's network from images to images.",
)


def _settings() -> ServingSettings:
    return ServingSettings(
        max_iterations=FLAGS.iterations,
        max_evaluations=FLAGS.max_evaluations,
        evaluations_limit=FLAGS.evaluations_limit,
        max_side=FLAGS.max_side,
        max_pixels=FLAGS.max_pixels,
    )


def _network(task: ServedTask) -> keras.Model:
    """Returns the network, one by name made ready on the reference."""
    layers = [name for names in task.layers.values() for name in names]
    given = {"pooling": FLAGS.pooling, "initializer": FLAGS.initializer}
    subtract_mean = FLAGS.subtract_mean
    if subtract_mean is None and takes(FLAGS.network, "subtract_mean"):
        subtract_mean = FLAGS.kind != "invert"
    model = load_network(
        FLAGS.network, layers=layers, seed=FLAGS.seed, subtract_mean=subtract_mean, **given
    )
    if FLAGS.network in NETWORKS:
        if FLAGS.reference is None:
            raise invalid_argument("reference", "a picture, with a network by name", "none")
        reference = read_image(FLAGS.reference, "reference")
        make_ready(model, as_batch(fit_longer_side(reference, _REFERENCE_SIDE)).images, layers)
    elif FLAGS.reference is not None:
        raise invalid_argument("reference", "none, with a network from a file", FLAGS.reference)
    return model


def _recipe() -> Recipe | None:
    return read_recipe(FLAGS.network, "network") if FLAGS.network.endswith(".json") else None


def _export_task(folder: str) -> Path:
    task, settings, recipe = _TASKS[FLAGS.kind](), _settings(), _recipe()
    if FLAGS.weights == "generated" and recipe is None:
        raise invalid_argument("weights", "stored, with a network that is no recipe", "generated")
    return export_task(
        task,
        _network(task),
        folder,
        settings=settings,
        recipe=recipe,
        generated=FLAGS.weights == "generated",
        version=FLAGS.version,
        warmup=FLAGS.warmup,
    )


def _export_decoder(folder: str) -> Path:
    if not FLAGS.network.endswith(".keras"):
        raise invalid_argument("network", "a .keras file, with --kind=decoder", FLAGS.network)
    model = load_network(FLAGS.network)
    return export_decoder(
        model, folder, settings=_settings(), version=FLAGS.version, warmup=FLAGS.warmup
    )


def main() -> None:
    """Runs the tool."""
    export = _export_decoder if FLAGS.kind == _DECODER else _export_task
    print(f"exported: {export(os.path.normpath(FLAGS.output_dir))}")
