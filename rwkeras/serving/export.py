"""Export of tasks with their networks as SavedModels for TensorFlow Serving."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from rwkeras.backend import keras
from rwkeras.decoders.decnn import describe
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.recipe import Recipe
from rwkeras.serving.graph.decoder import ServedDecoder
from rwkeras.serving.graph.interrupt import interruptible
from rwkeras.serving.graph.signatures import ServedModel
from rwkeras.serving.graph.sizes import reflecting
from rwkeras.serving.graph.task import ServedTask
from rwkeras.serving.graph.weights import GeneratedWeights, OwnWeights, StoredWeights
from rwkeras.serving.settings import ServingSettings
from rwkeras.serving.versions import check_export_folder, version_folder, whole_folder
from rwkeras.serving.warmup import write_warmup
from rwkeras.validation import invalid_argument

# Folder whose files the server ignores, except for warm-up requests.
_EXTRA = "assets.extra"
_WARMUP = "tf_serving_warmup_requests"


def _description(task: ServedTask, model: keras.Model, settings: ServingSettings) -> dict[str, Any]:
    """Returns the description that is stored beside an export."""
    return {
        "task": type(task).__name__,
        **dataclasses.asdict(task),  # type: ignore[call-overload]
        "serving": dataclasses.asdict(settings),
        "network": model.name,
        "terms": list(task.terms),
    }


def export_task(
    task: ServedTask,
    model: keras.Model,
    folder: str | os.PathLike[str],
    *,
    settings: ServingSettings = ServingSettings(),
    recipe: Recipe | None = None,
    generated: bool = False,
    version: int | None = None,
    warmup: bool = True,
) -> Path:
    """Exports a task with its network as a SavedModel.

    Args:
        task: The task that requests run.
        model: A functional `keras.Model` of RGB images in [0, 1] of any size, ready for images;
            see `make_ready`.
        folder: The model's folder, created if missing.
        settings: Limits of a request's work.
        recipe: The network's recipe, if any; it is stored beside the model.
        generated: Whether the weights are generated from the recipe when the model is loaded,
            instead of stored.
        version: The version's number; None for the next.
        warmup: Whether to write warm-up requests for the server, which needs `rwkeras[serving]`.

    Returns:
        The version's folder.

    Raises:
        ValueError: An argument cannot be used, or the version exists.
    """
    check_export_folder(folder, version)
    layers = list(dict.fromkeys(name for names in task.layers.values() for name in names))
    part = interruptible(reflecting(feature_extractor(model, layers)))
    if generated and recipe is None:
        raise invalid_argument("generated", "False without a recipe", generated)
    # Saves the weights and the signatures, without the Keras model and its functions.
    root = tf.Module()
    root.weights = GeneratedWeights(recipe, part) if generated and recipe else StoredWeights(part)
    served = ServedModel(task, part, root.weights, settings)
    signatures = served.signatures()
    weights = "generated" if generated else "stored"
    description = {**_description(task, model, settings), "weights": weights}
    texts = {} if recipe is None else {"recipe.json": recipe.as_json()}
    return _write(
        Path(folder),
        version,
        lambda path: tf.saved_model.save(root, path, signatures=signatures),
        {**texts, "export.json": json.dumps(description, indent=1) + "\n"},
        served if warmup else None,
    )


def export_decoder(
    model: keras.Model,
    folder: str | os.PathLike[str],
    *,
    settings: ServingSettings = ServingSettings(),
    version: int | None = None,
    warmup: bool = True,
) -> Path:
    """Exports a network that maps images to images in one pass, with Keras's `ExportArchive`.

    Args:
        model: A functional `keras.Model` from RGB images in [0, 1] of any size to such images, for
            example an encoder with its decoder.
        folder: See `export_task`.
        settings: Only the limits of image sizes are used.
        version: See `export_task`.
        warmup: See `export_task`.

    Returns:
        The version's folder.

    Raises:
        ValueError: An argument cannot be used, or the version exists.
    """
    check_export_folder(folder, version)
    if len(model.outputs) != 1 or model.outputs[0].shape[1:] != (None, None, 3):
        shapes = [tuple(output.shape) for output in model.outputs]
        raise invalid_argument("model", "a network with one output, images of any size", shapes)
    task, name = ServedDecoder(), describe(model)
    model = interruptible(reflecting(model))
    served = ServedModel(task, model, OwnWeights(), settings)
    signatures = served.signatures()

    def save(path: str) -> None:
        archive = keras.export.ExportArchive()
        archive.track(model)
        for name, function in signatures.items():
            function.get_concrete_function()
            archive.add_endpoint(name, function)
        archive.write_out(path, verbose=False)

    description = {**_description(task, model, settings), "network": name}
    texts = {"export.json": json.dumps(description, indent=1) + "\n"}
    return _write(Path(folder), version, save, texts, served if warmup else None)


def _write(
    folder: Path,
    version: int | None,
    save: Callable[[str], object],
    texts: Mapping[str, str],
    warmup: ServedModel | None,
) -> Path:
    """Writes a version atomically.

    Args:
        folder: The model's folder.
        version: The version's number; None for the next.
        save: Writes a SavedModel to a path.
        texts: Contents of additional text files, by name.
        warmup: The model to write warm-up requests for, or None.
    """
    target = version_folder(folder, version)
    with whole_folder(target) as temporary, _disk_errors(target):
        save(str(temporary))
        _forget_shapes(temporary / "saved_model.pb")
        (temporary / _EXTRA).mkdir()
        for name, text in texts.items():
            (temporary / _EXTRA / name).write_text(text)
        if warmup is not None:
            path = temporary / _EXTRA / _WARMUP
            write_warmup(path, folder.name, warmup.task, warmup.smallest_side)
    return target


@contextlib.contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    """Converts the errors that TensorFlow raises on a full disk to `OSError`."""
    try:
        yield
    except tf.errors.OpError as error:
        reason = str(error.message).splitlines()[0].rpartition("; ")[2]
        raise OSError(f"The model cannot be written to {target}: {reason}") from error


def _forget_shapes(path: Path) -> None:
    """Removes tensor shapes from a SavedModel: a fifth of its size, and inferred on loading."""
    model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    for graph in model.meta_graphs:
        for function in graph.graph_def.library.function:
            for node in function.node_def:
                node.attr.pop("_output_shapes", None)
    path.write_bytes(model.SerializeToString(deterministic=True))
