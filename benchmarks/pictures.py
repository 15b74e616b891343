"""Runs style transfer and texture synthesis by several methods and measures the results.

Methods are selected by the patch distance of textures and by eye, never by the evaluation
network, whose measures are only reported (see `benchmarks.judge`). The patch distance of a texture
is also given relative to the mean of its source's two mirror images, about that of another piece of
the texture.

Seconds include building, calibrating and compiling the network. The row of a budget has the image
of the first report after that many seconds, enlarged if it has a smaller size, or the final image
if the method ended earlier; its seconds are the actual ones. A method is stopped after the last
budget, and the row "end" has its final image.

The columns content and source are names of images; `content_correlation` and `style_distance` are
measures of the evaluation network. Results are written after each image, and existing ones are not
computed again.

Example:
    python -m benchmarks.pictures --output_dir=DIR --tasks=texture --methods=multiscale,vgg19
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from absl import app, flags

import rwkeras
from benchmarks.judge import EvaluationNetwork
from benchmarks.picture_methods import METHODS, RunOptions
from benchmarks.picture_results import (
    END,
    Measure,
    Row,
    key_columns,
    means,
    picture_file,
    read_rows,
    row,
    sheet,
    write_rows,
)
from benchmarks.picture_tasks import TASKS, Task, tasks
from rwkeras.commands.streams import ignore_write_errors
from rwkeras.images.files import whole_file
from rwkeras.images.outputs import Input, Output, check_no_overwrite
from rwkeras.tasks.scales import resized
from rwkeras.validation import check_choice, invalid_argument

FLAGS = flags.FLAGS


class Snapshot(NamedTuple):
    """An intermediate or final image, float32 RGB in [0, 1], [height, width, 3], and its cost."""

    image: np.ndarray
    seconds: float
    evaluations: int


class SnapshotCallback:
    """Callback that keeps the current image at each time budget and stops after the last.

    Args:
        budgets: Budgets in seconds from construction; without any, the run is never stopped.
        size: Height and width to which the images are resized, in pixels.
    """

    def __init__(self, budgets: Sequence[int], size: tuple[int, int]):
        self._budgets, self._size = budgets, size
        self._begun = time.perf_counter()
        self.snapshots: dict[int, Snapshot] = {}

    @property
    def seconds(self) -> float:
        """Seconds since construction."""
        return time.perf_counter() - self._begun

    def __call__(self, progress: rwkeras.Progress) -> bool:
        """Keeps the image for all budgets that have passed; returns true after the last."""
        seconds = self.seconds
        due = [b for b in self._budgets if b <= seconds and b not in self.snapshots]
        if due:
            image = np.clip(resized(progress.images, self._size)[0], 0, 1)
            self.snapshots |= dict.fromkeys(due, Snapshot(image, seconds, progress.evaluations))
        return bool(self._budgets) and len(self.snapshots) == len(self._budgets)


def run_method(task: Task, method: str, budgets: Sequence[int]) -> dict[str, Snapshot]:
    """Runs a method on a task; returns the images at each budget and at the end."""
    callback = SnapshotCallback(budgets, task.pictures[0].image.shape[:2])
    options = RunOptions(FLAGS.seed, callback, FLAGS.max_iterations)
    result = METHODS[method].make(task, options)
    end = Snapshot(result.image, callback.seconds, int(result.evaluations))
    return {**{str(budget): callback.snapshots.get(budget, end) for budget in budgets}, END: end}


def check_settings(path: Path, settings: dict) -> None:
    """Records the settings shared by all results of a folder.

    Raises:
        ValueError: The folder has results of other settings.
    """
    if path.exists() and json.loads(path.read_text()) != settings:
        expected = f"a folder without results, or with results of the same settings, {settings}"
        raise invalid_argument("output_dir", expected, str(path.parent))
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(settings, indent=2) + "\n")


def write_results(folder: Path, rows: Sequence[Row], shown: Sequence[Task]) -> None:
    """Writes the tables, and the contact sheet of the given tasks, which are of one kind."""
    write_rows(folder / "pictures.csv", rows)
    with whole_file(folder / "pictures.md") as path:
        path.write_text(means(rows))
    pictures = sheet(folder, shown)
    if pictures is not None:
        rwkeras.write_image(folder / f"pictures_{shown[0].kind}.jpg", pictures)


def wanted_tasks() -> dict[str, list[Task]]:
    """Validates the flags and returns all tasks by kind; `chosen` selects from these."""
    for kind in FLAGS.tasks:
        check_choice("tasks", kind, TASKS)
    for method in FLAGS.methods:
        check_choice("methods", method, METHODS)
    found = {kind: tasks(kind, FLAGS.size, FLAGS.images) for kind in FLAGS.tasks}
    for name in FLAGS.pictures or ():
        check_choice("pictures", name, [task.name for those in found.values() for task in those])
    return found


def chosen(kind: str, all_of_kind: Sequence[Task]) -> list[tuple[Task, str]]:
    """Returns the selected tasks with each selected method that supports them."""
    return [
        (task, method)
        for task in all_of_kind
        for method in FLAGS.methods
        if kind in METHODS[method].tasks and (not FLAGS.pictures or task.name in FLAGS.pictures)
    ]


def check_outputs(folder: Path, found: dict[str, list[Task]], budgets: Sequence[int]) -> None:
    """Raises `ValueError` if an output would overwrite an input."""
    if FLAGS.images is None:
        return
    written = [folder / f"pictures_{kind}.jpg" for kind in found] + [
        picture_file(folder, task, method, str(budget))
        for kind, all_of_kind in found.items()
        for task, method in chosen(kind, all_of_kind)
        for budget in (*budgets, END)
    ]
    read = [Path(FLAGS.images, below) for below in ("content", "style", "texture")]
    check_no_overwrite(
        [Output("output_dir", path, folder) for path in written],
        [Input("images", path) for path in read],
    )


def load_evaluation_network() -> EvaluationNetwork:
    """Returns the evaluation network, or exits if its weights are missing."""
    try:
        return EvaluationNetwork()
    except ValueError as error:
        raise SystemExit(f"The judging network of styles is unavailable. {error}") from error


def _define_flags() -> None:
    """Defines the flags; not on import, as tests define their own."""
    flags.DEFINE_string("output_dir", None, "Folder for pictures and tables.", required=True)
    flags.DEFINE_string(
        "images", None, "Folder with additional pictures in content/, style/ and texture/."
    )
    flags.DEFINE_list("methods", list(METHODS), "Methods to compare.")
    flags.DEFINE_list("tasks", list(TASKS), "Tasks to run.")
    flags.DEFINE_list("pictures", None, "Names such as brick or coffee-painting; default: all.")
    flags.DEFINE_integer("size", 256, "Side of the pictures' central squares, in pixels.")
    flags.DEFINE_list(
        "budgets",
        ["15", "60", "240"],
        "Times in seconds at which intermediate pictures are kept too.",
    )
    flags.DEFINE_integer("seed", 0, "Seed of the weights and the initial noise.")
    flags.DEFINE_integer(
        "max_iterations", None, "Iterations instead of each method's own, for a trial run."
    )


def main(argv: list[str]) -> None:
    """Writes the images, the tables and the contact sheets."""
    folder, budgets = Path(FLAGS.output_dir), sorted({int(budget) for budget in FLAGS.budgets})
    found = wanted_tasks()
    check_outputs(folder, found, budgets)
    network = load_evaluation_network()
    folder.mkdir(parents=True, exist_ok=True)
    common = {name: getattr(FLAGS, name) for name in ("size", "seed", "max_iterations")}
    check_settings(folder / "settings.json", {**common, "budgets": budgets})
    rows = read_rows(folder / "pictures.csv")
    for kind, all_of_kind in found.items():
        (folder / kind).mkdir(exist_ok=True)
        for task, method in chosen(kind, all_of_kind):
            names = key_columns(task, method).items()
            if any(names <= row.items() for row in rows):
                continue
            measure = Measure(task, network)
            for budget, snapshot in run_method(task, method, budgets).items():
                rwkeras.write_image(picture_file(folder, task, method, budget), snapshot.image)
                numbers = {"seconds": snapshot.seconds, "evaluations": snapshot.evaluations}
                rows.append(row(task, method, budget, numbers | measure(snapshot.image)))
            print(rows[-1], flush=True)
            write_results(folder, rows, all_of_kind)
        write_results(folder, rows, all_of_kind)
    print(means(rows))


if __name__ == "__main__":
    _define_flags()
    ignore_write_errors("stdout", "stderr")
    app.run(main)
