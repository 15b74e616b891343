"""Compares an exported style transfer graph with the same task in Python: time and images.

Graph and task alternate in one process on the same images. With the address of a server of the same
export, its images are compared too and the export's warm-up requests are timed; this is meaningful
for a server that was just started and does not warm up by itself. `benchmarks.serving_load`
measures a server under load.

Example:
    python -m benchmarks.serving --output_dir=DIR --address=localhost:8500
"""

import json
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import app, flags
from skimage import data
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

import rwkeras
from benchmarks.json_results import write_results
from rwkeras.backend import keras
from rwkeras.images.reading import fit_longer_side, from_array, resize
from rwkeras.networks.circular import with_mirrored_padding
from rwkeras.serving import Client
from rwkeras.serving.versions import versions
from rwkeras.tasks.scales import ScaleSettings
from rwkeras.tasks.settings import StyleSettings

_MODEL = Path(__file__).parents[1] / "saved_models" / "multiscale_style"

# Function from a number of iterations to images.
Runner = Callable[[int], np.ndarray]

FLAGS = flags.FLAGS
flags.DEFINE_string("output_dir", None, "Folder for the results.", required=True)
flags.DEFINE_string("address", None, "gRPC address of a server of the model, as for `Client`.")
flags.DEFINE_string(
    "model", str(_MODEL), "Folder of the model, whose name is that of the served model."
)
flags.DEFINE_integer("image_size", 256, "Side of both pictures, in pixels.")
flags.DEFINE_integer("max_iterations", 30, "Iterations per picture.")
flags.DEFINE_integer("repeats", 5, "Number of repetitions of each method.")
flags.DEFINE_list(
    "compared_iterations",
    ["1", "10", "30", "100"],
    "Iteration counts at which results are compared.",
)


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Returns content and style, float32 [1, size, size, 3]."""
    size = FLAGS.image_size, FLAGS.image_size
    sources = data.coffee()[:, 100:500], data.immunohistochemistry()
    return tuple(resize(from_array(source), size)[np.newaxis] for source in sources)


def network(folder: Path) -> keras.Model:
    """Returns the network of a model version: from its recipe, or that of the included model."""
    recipe = folder / "assets.extra" / "recipe.json"
    if recipe.exists():
        return rwkeras.load_network(str(recipe))
    model = rwkeras.multiscale()
    reference = fit_longer_side(from_array(data.coffee()), 256)
    rwkeras.standardize(model, reference)
    return with_mirrored_padding(model)


def latest_version_folder() -> Path:
    """Returns the folder of the model's latest version."""
    return Path(FLAGS.model) / str(versions(FLAGS.model)[-1])


def runners(content: np.ndarray, style: np.ndarray) -> dict[str, Runner]:
    """Returns the same task as an exported graph, in Python and, given an address, on a server.

    Each is a function from a number of iterations to images, float32 RGB in [0, 1],
    [1, height, width, 3].
    """
    folder = latest_version_folder()
    export = json.loads((folder / "assets.extra" / "export.json").read_text())
    loaded = tf.saved_model.load(str(folder))
    scales = export["settings"]["scales"]
    settings = StyleSettings(**{**export["settings"], "scales": scales and ScaleSettings(**scales)})
    fixed = {
        "content": tf.constant(content),
        "style": tf.constant(style),
        "content_weight": tf.constant(settings.content_weight),
        "style_weight": tf.constant(settings.style_weight),
        "tv_weight": tf.constant(settings.tv_weight),
        # The maximum, as the task in Python has no limit on the total over all sizes.
        "max_evaluations": tf.constant(export["serving"]["evaluations_limit"]),
    }
    model = network(folder)

    def inputs(iterations: int) -> dict[str, tf.Tensor]:
        return {**fixed, "max_iterations": tf.constant(iterations)}

    def on_server(iterations: int) -> np.ndarray:
        with Client(FLAGS.address, model=Path(FLAGS.model).name, timeout=3600) as client:
            return client.predict(inputs(iterations), "tensors")["image"]

    def in_python(iterations: int) -> np.ndarray:
        optimizer = rwkeras.OptimizerSettings(
            max_iterations=iterations, parametrization="pixels", precision="float32"
        )
        return rwkeras.transfer_style(model, content, style, settings, optimizer=optimizer).image

    return {
        **({"server": on_server} if FLAGS.address else {}),
        "graph": lambda n: loaded.signatures["tensors"](**inputs(n))["image"].numpy(),
        "python": in_python,
    }


def warm_up() -> dict[str, float]:
    """Returns the seconds of the export's warm-up requests to a server, by signature.

    At the first run of a signature TensorFlow rewrites the whole graph. On a server that is warm
    already, the result does not include this.
    """
    file = latest_version_folder() / "assets.extra" / "tf_serving_warmup_requests"
    records = tf.data.TFRecordDataset(str(file)).as_numpy_iterator()
    requests = [PredictionLog.FromString(record).predict_log.request for record in records]
    found = {}
    with Client(FLAGS.address, model=Path(FLAGS.model).name, timeout=3600) as client:
        for request in requests:
            inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
            name = request.model_spec.signature_name
            started = time.perf_counter()
            client.predict(inputs, name)
            found[name] = time.perf_counter() - started
    return found


def seconds(runner: Runner) -> float:
    """Returns the seconds of one run."""
    started = time.perf_counter()
    runner(FLAGS.max_iterations)
    return time.perf_counter() - started


def overhead(graph: Runner, python: Runner) -> dict[str, object]:
    """Returns the seconds of alternating runs, and the median ratio of graph to Python."""
    functions = {"graph": graph, "python": python}
    for runner in functions.values():
        runner(FLAGS.max_iterations)  # Compiles before timing.
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(FLAGS.repeats):
        for name, runner in functions.items():
            times[name].append(seconds(runner))
    ratios = [a / b for a, b in zip(times["graph"], times["python"], strict=True)]
    return {"seconds": times, "relative": statistics.median(ratios)}


def agreement(found: Mapping[str, Runner]) -> dict[str, dict[str, float | None]]:
    """Returns the PSNR in dB relative to Python's image, by implementation and iterations.

    Differences are rounding errors, amplified by the optimisation; None for identical images.
    """
    psnr: dict[str, dict[str, float | None]] = {}
    for iterations in FLAGS.compared_iterations:
        images = {name: runner(int(iterations)) for name, runner in found.items()}
        expected = images.pop("python")
        for name, image in images.items():
            decibels = float(rwkeras.psnr(image, expected)[0])
            psnr.setdefault(name, {})[iterations] = decibels if np.isfinite(decibels) else None
    return psnr


def main(argv: list[str]) -> None:
    """Runs the benchmark."""
    # First, while a newly started server is still cold.
    first = {"warm_up_seconds": warm_up()} if FLAGS.address else {}
    found = runners(*pictures())
    result = {
        **first,
        "overhead": overhead(found["graph"], found["python"]),
        "psnr": agreement(found),
    }
    write_results(FLAGS.output_dir, "serving.json", result)


if __name__ == "__main__":
    app.run(main)
