"""Inverts all combinations of pictures, layers, seeds and networks, locally or with Beam.

Finished jobs are stored below the output folder: the same command resumes an interrupted sweep and
retries failed jobs. `results.csv` has a row for each combination.

Examples:
    rwkeras-sweep --images=photos/ --layers=conv3_1,conv4_1 --seeds=0,1 --output_dir=sweep
    rwkeras-sweep --images=photos/ --output_dir=gs://bucket/sweep --runner=beam
        --beam_options="--runner=DataflowRunner --project=... --setup_file=./setup.py"
"""

import dataclasses
import logging
import os
import shlex
from pathlib import Path

from absl import flags
from tqdm import tqdm

from rwkeras.commands.input_pictures import fit_picture
from rwkeras.commands.job_progress import JobProgress
from rwkeras.commands.outputs import check_outputs
from rwkeras.commands.paths import check_paths, define_paths
from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.experiments.jobs.grid import inversion_grid
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.table import csv_bytes, results_table
from rwkeras.images.collection import named_files
from rwkeras.images.files import check_output, is_remote, write_bytes
from rwkeras.images.outputs import Output
from rwkeras.images.reading import read_image
from rwkeras.networks.loading import NETWORKS, accepts_argument
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.files import FileRef, put_file
from rwkeras.sweeps.jobs import Manifest
from rwkeras.sweeps.local import default_workers, run_sweep
from rwkeras.sweeps.pictures import check_copies, put_picture
from rwkeras.sweeps.store import Store, SweepCallback, SweepResult
from rwkeras.tasks.settings import InversionSettings
from rwkeras.validation import check_choice, check_number, invalid_argument

FLAGS = flags.FLAGS
_OPTIMIZER_FLAGS = ("max_iterations", "parametrization", "precision")
define_paths("images", None, "Pictures or folders of pictures.")
flags.DEFINE_list("layers", [InversionSettings.layer], "Layers to invert.")
flags.DEFINE_list(
    "seeds", ["0"], "Seeds of the weights of random networks and of the initial noise."
)
define_paths(
    "networks", ["vgg19"], f"Networks: {', '.join(NETWORKS)}, recipes' .json and .keras files."
)
flags.DEFINE_string("output_dir", None, "Folder for results, accessible to Beam's workers.")
flags.DEFINE_integer(
    "image_size",
    256,
    "Length of the longer side that pictures are resampled to, in pixels; 0: original size.",
)
define_flags(
    OptimizerSettings,
    *_OPTIMIZER_FLAGS,
    defaults={"precision": "float32"},
    more={"precision": "With auto, results may differ between machines."},
)
flags.DEFINE_integer("workers", None, "Number of local processes; default: number of cores.")
flags.DEFINE_enum(
    "runner",
    "local",
    ["local", "beam"],
    "Where the sweep runs: on this machine, or on Apache Beam.",
)
flags.DEFINE_string("beam_options", "", "Options of Beam, such as --runner=FlinkRunner.")
flags.mark_flags_as_required(["images", "output_dir"])

# Fully connected layers, which fix the size of images.
_TOP = ("fc6", "fc7", "fc8")


def _images() -> list[FileRef]:
    """Stores resampled copies of the pictures in the output folder; returns their references."""
    check_paths("images")
    files = named_files(FLAGS.images)
    check_copies(FLAGS.output_dir, files, "images")
    return [
        put_picture(
            FLAGS.output_dir,
            name,
            fit_picture("images", file, read_image(file, "images"), FLAGS.image_size),
        )
        for name, file in files.items()
    ]


def _copy(network: str) -> str:
    """Returns the path of a network file's copy, relative to the output folder."""
    return os.path.join("networks", os.path.basename(network))


def _networks(reference: FileRef) -> list[NetworkSpec]:
    """Returns the networks' specifications; named ones are made ready on a reference picture."""
    top = any(layer in _TOP for layer in FLAGS.layers)
    titles = [name if name in NETWORKS else Path(name).stem for name in FLAGS.networks]
    if len(set(titles)) < len(titles):  # Copies would also overwrite each other.
        raise invalid_argument("networks", "networks with different names", ", ".join(titles))
    found = []
    for network in FLAGS.networks:
        if network in NETWORKS:
            found.append(NetworkSpec(network, reference=reference, top=top))
            continue
        if not os.path.isfile(network):
            check_choice("networks", network, (*NETWORKS, "RECIPE.json", "PATH.keras"))
        file = put_file(FLAGS.output_dir, _copy(network), Path(network).read_bytes())
        found.append(NetworkSpec(file=file, top=top))
    return found


def _seeds() -> list[int]:
    try:
        return [int(seed) for seed in FLAGS.seeds]
    except ValueError as error:
        raise invalid_argument("seeds", "integers", ", ".join(FLAGS.seeds)) from error


def _seeded(network: NetworkSpec, seed: int) -> NetworkSpec:
    """Returns a network with the seed set if its weights are random."""
    drawn = network.file is None and accepts_argument(network.name, "seed")
    return dataclasses.replace(network, seed=seed) if drawn else network


def _manifest() -> Manifest:
    """Returns the jobs that the flags select."""
    check_number("image_size", FLAGS.image_size, integer=True)
    seeds = _seeds()
    optimizer = settings_from_flags(OptimizerSettings, *_OPTIMIZER_FLAGS)
    images = _images()
    networks = _networks(images[0])
    grids = [
        inversion_grid(
            images, FLAGS.layers, [seed], [_seeded(n, seed) for n in networks], optimizer
        )
        for seed in seeds
    ]
    return Manifest(tuple(job for grid in grids for job in grid.jobs))


def _run(manifest: Manifest, callback: SweepCallback) -> SweepResult:
    if FLAGS.runner == "local":
        return run_sweep(manifest, FLAGS.output_dir, workers=FLAGS.workers, callback=callback)
    from rwkeras.sweeps.pipeline import run_pipeline  # Needs the optional Apache Beam.

    logging.getLogger("apache_beam").setLevel(logging.WARNING)  # Keep the progress bar readable.
    workers = default_workers() if FLAGS.workers is None else FLAGS.workers
    # Used by Beam's DirectRunner only; --beam_options override them.
    options = [f"--direct_num_workers={workers}", "--direct_running_mode=multi_processing"]
    options += shlex.split(FLAGS.beam_options)
    return run_pipeline(manifest, FLAGS.output_dir, options, callback=callback)


def _is_one(path: str, other: str) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)


def _check_outputs(table: str) -> None:
    """Raises `ValueError` if the table or the copy of a network would overwrite an input.

    Args:
        table: Path of the table.
    """
    if not os.path.isdir(FLAGS.output_dir):  # Missing, or on remote storage.
        return
    copies = [
        (network, os.path.join(FLAGS.output_dir, _copy(network)))
        for network in FLAGS.networks
        if network not in NETWORKS
    ]
    written = [copy for network, copy in copies if not _is_one(network, copy)]
    outputs = [Output("output_dir", Path(path), FLAGS.output_dir) for path in [table, *written]]
    check_outputs(outputs, ("images", "networks"))


def main() -> None:
    """Runs the tool."""
    if FLAGS.workers is not None:
        check_number("workers", FLAGS.workers, integer=True, minimum=1)
    table = os.path.join(FLAGS.output_dir, "results.csv")
    _check_outputs(table)
    manifest = _manifest()
    if not is_remote(table):
        check_output(table, "output_dir")
    try:
        with tqdm(total=len(manifest), desc="sweep", unit="job", dynamic_ncols=True) as bar:
            result = _run(manifest, JobProgress(bar))
    finally:  # Write partial results of an interrupted sweep.
        write_bytes(table, csv_bytes(results_table(manifest, Store(FLAGS.output_dir))))
    if result.failures:
        raise ValueError(
            f"{len(result.failures)} of {len(manifest)} jobs failed; see {table} for the reasons; "
            "the same command retries them"
        )
    print(f"results: {table}")
