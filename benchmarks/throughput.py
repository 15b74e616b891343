"""Throughput of inversion in images per minute, by batch size and by number of processes.

Batches use all cores; processes use one thread and one image each. After a first run of each, which
compiles, all configurations alternate, so that other load on the machine affects them alike. The
table gives medians.

Example:
    python -m benchmarks.throughput --output_dir=benchmarks/results
"""

import json
import multiprocessing
import statistics
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from absl import app, flags

from rwkeras.commands.report import versions
from rwkeras.images.files import whole_file
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.local import cores

FLAGS = flags.FLAGS
flags.DEFINE_string("output_dir", None, "Folder for the table and the measurements.", required=True)
flags.DEFINE_string("network", "vgg19", "Name of the network.")
flags.DEFINE_string("layer", "conv3_1", "Layer to invert.")
flags.DEFINE_integer("image_size", 128, "Side of the pictures, in pixels.")
flags.DEFINE_integer("max_iterations", 40, "Iterations per inversion.")
flags.DEFINE_string("precision", "float32", "Precision of the network.")
flags.DEFINE_list("batches", ["1", "2", "4", "8"], "Batch sizes.")
flags.DEFINE_list("processes", ["1", "2"], "Numbers of processes.")
flags.DEFINE_integer("repeats", 5, "Number of repetitions.")


class Case(NamedTuple):
    """The inversion that every process runs.

    Attributes:
        network: Name of the network.
        layer: Name of the layer.
        size: Side of the image in pixels.
        settings: Settings of the optimiser.
    """

    network: str
    layer: str
    size: int
    settings: OptimizerSettings


def run_worker(connection: Connection, case: Case, threads: int) -> None:
    """Inverts a batch for each batch size received through a connection, until None."""
    import numpy as np
    import tensorflow as tf
    from skimage import data

    import rwkeras
    from rwkeras.images.reading import from_array, resize

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    picture = resize(from_array(data.astronaut()), (case.size, case.size))
    model = rwkeras.load_network(case.network, layers=[case.layer])
    rwkeras.calibrate(rwkeras.feature_extractor(model, [case.layer]), picture[np.newaxis])
    while (batch := connection.recv()) is not None:
        source = np.repeat(picture[np.newaxis], batch, axis=0)
        rwkeras.invert(
            model, source, rwkeras.InversionSettings(case.layer), optimizer=case.settings
        )
        connection.send(batch)


class ProcessPool:
    """Pool of processes that run inversions in parallel.

    Args:
        case: The inversion.
        count: Number of processes.
        threads: Number of TensorFlow threads in each.
    """

    def __init__(self, case: Case, count: int, threads: int):
        context = multiprocessing.get_context("spawn")
        self._connections = []
        for _ in range(count):
            parent_end, child_end = context.Pipe()
            context.Process(target=run_worker, args=(child_end, case, threads), daemon=True).start()
            self._connections.append(parent_end)

    def images_per_minute(self, count: int, batch: int) -> float:
        """Returns the images per minute of `count` processes with one batch each."""
        connections = self._connections[:count]
        started = time.perf_counter()
        for connection in connections:
            connection.send(batch)
        pictures = sum(connection.recv() for connection in connections)
        return 60 * pictures / (time.perf_counter() - started)

    def close(self) -> None:
        """Ends the processes."""
        for connection in self._connections:
            connection.send(None)


def measure(case: Case, batches: list[int], processes: list[int], repeats: int) -> list[dict]:
    """Returns the rates of every batch size and number of processes, measured alternately.

    Args:
        case: The inversion.
        batches: Batch sizes, in one process with all cores.
        processes: Numbers of processes with one thread and one image each.
        repeats: Number of measurements of each.
    """
    all_cores, single_threaded = ProcessPool(case, 1, cores()), ProcessPool(case, max(processes), 1)
    configurations = [(all_cores, 1, cores(), batch) for batch in batches]
    configurations += [(single_threaded, count, 1, 1) for count in processes]
    rates: list[list[float]] = [[] for _ in configurations]
    for repeat in range(1 + repeats):
        for (pool, count, _, batch), found in zip(configurations, rates, strict=True):
            rate = pool.images_per_minute(count, batch)
            # The first round compiles everything.
            if repeat:
                found.append(rate)
                print(f"{count} processes, batch {batch}: {rate:.2f} per minute", flush=True)
    all_cores.close()
    single_threaded.close()
    return [
        {"processes": count, "threads": threads, "batch": batch, "rates": found}
        for (_, count, threads, batch), found in zip(configurations, rates, strict=True)
    ]


def table(rows: list[dict]) -> str:
    """Returns a Markdown table of medians, absolute and relative to the first configuration."""
    lines = [
        "| processes | threads each | batch | pictures a minute | relative |",
        "| --- | --- | --- | --- | --- |",
    ]
    first = rows[0]["rates"]
    for row in rows:
        pairs = zip(row["rates"], first, strict=True)
        relative = statistics.median(rate / other for rate, other in pairs)
        lines.append(
            f"| {row['processes']} | {row['threads']} | {row['batch']} "
            f"| {statistics.median(row['rates']):.1f} | {relative:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> None:
    """Runs the benchmark."""
    settings = OptimizerSettings(max_iterations=FLAGS.max_iterations, precision=FLAGS.precision)
    case = Case(FLAGS.network, FLAGS.layer, FLAGS.image_size, settings)
    batches, processes = ([int(n) for n in FLAGS[name].value] for name in ("batches", "processes"))
    rows = measure(case, batches, processes, FLAGS.repeats)
    folder = Path(FLAGS.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    flags_given = {flag.name: flag.value for flag in FLAGS.get_key_flags_for_module(__name__)}
    result = {"rows": rows, "flags": flags_given, "versions": versions()}
    with whole_file(folder / "throughput.json") as path:
        path.write_text(json.dumps(result, indent=2) + "\n")
    with whole_file(folder / "throughput.md") as path:
        path.write_text(table(rows))
    print(table(rows))


if __name__ == "__main__":
    app.run(main)
