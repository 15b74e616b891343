"""Runs an experiment of the papers and writes a page with figures, data and claims.

Finished jobs are stored below the output folder: an interrupted run resumes, and experiments that
share a folder share their networks.

Example:
    rwkeras-experiment --experiment=convergence --output_dir=results --images=photos/
"""

import dataclasses
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from absl import flags
from tqdm import tqdm

from rwkeras.commands.job_progress import JobProgress
from rwkeras.commands.outputs import check_outputs, inputs
from rwkeras.commands.paths import check_paths, define_paths
from rwkeras.commands.report import versions
from rwkeras.commands.settings_flags import define_flags, flag_values
from rwkeras.experiments.claim_list import CLAIMS
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.page import write_page
from rwkeras.experiments.registry import EXPERIMENTS, run_experiment
from rwkeras.experiments.results import save_result
from rwkeras.experiments.settings import QUICK, ExperimentSettings
from rwkeras.experiments.study import Study
from rwkeras.experiments.verdicts import verdicts
from rwkeras.images.outputs import Output
from rwkeras.networks.loading import NETWORKS
from rwkeras.settings import settings_fields
from rwkeras.sweeps.files import FileRef, put_file
from rwkeras.sweeps.jobs import Manifest
from rwkeras.sweeps.local import SweepCallback, SweepResult, run_sweep
from rwkeras.validation import check_choice, invalid_argument

FLAGS = flags.FLAGS
flags.DEFINE_enum("experiment", None, list(EXPERIMENTS), "Name of the experiment.")
flags.DEFINE_string("output_dir", None, "Folder for pages and results; created if it is missing.")
for _kind in ("images", "textures", "styles"):
    define_paths(
        _kind, [], "Pictures or folders; by default photographs that were not used for tuning."
    )
flags.DEFINE_bool(
    "quick", False, "Smoke test of less than two minutes, whose results are meaningless."
)
flags.DEFINE_string(
    "network",
    None,
    f"Network to use instead of a stacked one: one of {', '.join(NETWORKS)}, a recipe's .json, or "
    "a .keras file.",
)
flags.DEFINE_string(
    "pretrained_vgg19_weights", None, "File of the ImageNet weights of Keras's VGG19."
)
flags.DEFINE_string("alexnet_weights", None, "File of trained AlexNet weights.")
flags.DEFINE_string(
    "results_dir",
    None,
    "Folder of results under version control, to which the table and its provenance are added.",
)
flags.DEFINE_integer("workers", None, "Number of processes; default: number of cores.")
_NAMES = [field.name for field in settings_fields(ExperimentSettings)]
define_flags(
    ExperimentSettings,
    defaults=dict.fromkeys(_NAMES),
    more={
        name: f"Default: {getattr(ExperimentSettings, name)}; with --quick: {getattr(QUICK, name)}."
        for name in _NAMES
    },
)
flags.mark_flags_as_required(["experiment", "output_dir"])

# Flags whose files are copied to one folder, and all flags that name input files.
_COPIED = ("network", "pretrained_vgg19_weights", "alexnet_weights")
_READS = ("images", "textures", "styles", *_COPIED)
# Those on which no result depends.
_ELSEWHERE = ("output_dir", "results_dir", "workers")


def _settings() -> ExperimentSettings:
    usual = QUICK if FLAGS.quick else ExperimentSettings()
    return dataclasses.replace(usual, **flag_values(ExperimentSettings))


def _file(path: str, name: str) -> FileRef:
    """Copies a file to the output folder; returns its reference."""
    if not os.path.isfile(path):
        raise invalid_argument(name, "the path of an existing file", path)
    with open(path, "rb") as file:
        content = file.read()
    return put_file(FLAGS.output_dir, os.path.join("networks", os.path.basename(path)), content)


def _network() -> NetworkSpec | None:
    if FLAGS.network is None or FLAGS.network in NETWORKS:
        return FLAGS.network and NetworkSpec(FLAGS.network)
    if not FLAGS.network.endswith((".json", ".keras")):
        check_choice("network", FLAGS.network, (*NETWORKS, "RECIPE.json", "PATH.keras"))
    return NetworkSpec(file=_file(FLAGS.network, "network"))


def _study(progress: JobProgress) -> Study:
    def run(manifest: Manifest, folder: str, callback: SweepCallback | None) -> SweepResult:
        progress.expect(len(manifest))
        return run_sweep(manifest, folder, workers=FLAGS.workers, callback=callback)

    weights = {"pretrained_vgg19": FLAGS.pretrained_vgg19_weights, "alexnet": FLAGS.alexnet_weights}
    return Study(
        FLAGS.output_dir,
        _settings(),
        {"images": FLAGS.images, "textures": FLAGS.textures, "styles": FLAGS.styles},
        _network(),
        {name: _file(path, f"{name}_weights") for name, path in weights.items() if path},
        run,
        progress,
    )


def _check_inputs(folder: str) -> None:
    """Raises `ValueError` if an input or the copy of an input would be overwritten.

    Args:
        folder: Folder of the page, whose files are rewritten.
    """
    copies: dict[str, str] = {}
    for name, path, _ in inputs(_COPIED):
        other = copies.setdefault(os.path.basename(path), name)
        if other != name and path not in NETWORKS:
            raise invalid_argument(
                name, f"a file with a different name from that of `{other}`", path
            )
    page = Path(os.path.realpath(folder))
    for name, path, _ in inputs(_READS):
        if page in (Path(os.path.realpath(path)), *Path(os.path.realpath(path)).parents):
            expected = f"files outside the folder of the page, {folder}"
            raise invalid_argument(name, expected, str(path))
    # Existing files may be links, which writing follows.
    there = [Output("output_dir", file, folder) for file in page.rglob("*") if file.is_file()]
    check_outputs(there, _READS)


def _keep(table: pd.DataFrame, settings: Mapping[str, Any]) -> None:
    """Keeps a table among the results, and by which command it was made."""
    asked = [name for name in FLAGS if FLAGS[name].present and name not in _ELSEWHERE]
    run = {
        "command": " ".join(["rwkeras-experiment", *(FLAGS[name].serialize() for name in asked)]),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "seconds": settings["seconds"],
        "settings": settings,
    }
    save_result(FLAGS.results_dir, FLAGS.experiment, table, run)


def main() -> None:
    """Runs the tool."""
    started = time.monotonic()
    name, folder = FLAGS.experiment, os.path.join(FLAGS.output_dir, FLAGS.experiment)
    for kind in ("images", "textures", "styles"):
        check_paths(kind)
    _check_inputs(folder)
    if FLAGS.results_dir is not None and FLAGS.quick:
        raise invalid_argument(
            "results_dir", "no folder of results with --quick", FLAGS.results_dir
        )
    with tqdm(desc=name, unit="job", dynamic_ncols=True) as bar:
        study = _study(JobProgress(bar))
        report = run_experiment(name, study)
    settings = {
        **dataclasses.asdict(study.settings),
        "quick": FLAGS.quick,
        "network": FLAGS.network or "stacked",
        "seconds": round(time.monotonic() - started),
        **versions(),
    }
    path = write_page(folder, name, report, study.notes, settings)
    if FLAGS.results_dir is not None:
        _keep(report.table, settings)
    claims = [claim for claim in CLAIMS if claim.experiment == name]
    for claim, verdict in zip(claims, verdicts(claims, report.table)["verdict"], strict=True):
        print(f"{verdict}: {claim.sentence}")
    print(f"page: {path}")
