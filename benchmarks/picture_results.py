"""Results of `benchmarks.pictures`: measures, their means, contact sheets."""

import csv
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

import rwkeras
from benchmarks.judge import EvaluationNetwork, content_correlation, style_distance
from benchmarks.picture_methods import METHODS
from benchmarks.picture_tasks import TASKS, Task
from rwkeras.images.files import whole_file
from rwkeras.images.writing import contact_sheet, to_uint8

Row = dict[str, str]

END = "end"
# Columns that identify an image, and formats of its measures.
_NAMES = ("task", "method", "content", "source", "budget")
_NUMBERS = {
    "seconds": ".1f",
    "evaluations": ".0f",
    "style_distance": ".4f",
    "content_correlation": ".4f",
    "patch_distance": ".5f",
    "patch_ratio": ".3f",
}


def rounded_to_8_bits(image: np.ndarray) -> np.ndarray:
    """Returns an image rounded to 8 bits like a file, as the evaluation network reacts to it."""
    return to_uint8(image) / np.float32(255)


class Measure:
    """Measures images made for a task.

    Args:
        task: The task.
        network: Network that measures style and content.
    """

    def __init__(self, task: Task, network: EvaluationNetwork):
        self._task, self._network = task, network
        # Content and source, or the texture alone.
        self._references = [
            network.features(rounded_to_8_bits(picture.image)) for picture in task.pictures
        ]
        source = task.source.image
        mirrored = np.stack([source[::-1], source[:, ::-1]])
        self._mirrored = float(np.mean(rwkeras.patch_distance(mirrored, source)))

    def __call__(self, image: np.ndarray) -> dict[str, float]:
        """Returns the measures of an image that apply to the kind of task, by column.

        Args:
            image: float32 RGB in [0, 1], [height, width, 3].
        """
        image = rounded_to_8_bits(image)
        features = self._network.features(image)
        numbers = {"style_distance": style_distance(features, self._references[-1])}
        if self._task.kind == "style":
            return numbers | {
                "content_correlation": content_correlation(features, self._references[0])
            }
        distance = float(rwkeras.patch_distance(image, self._task.source.image)[0])
        return numbers | {"patch_distance": distance, "patch_ratio": distance / self._mirrored}


def key_columns(task: Task, method: str) -> Row:
    """Returns the identifying columns shared by all rows of a task and a method."""
    content = "" if task.content is None else task.content.name
    return {"task": task.kind, "method": method, "content": content, "source": task.source.name}


def row(task: Task, method: str, budget: str, numbers: dict[str, float]) -> Row:
    """Returns a row of the table, with empty strings for missing measures."""
    shown = {
        name: format(numbers[name], form) if name in numbers else ""
        for name, form in _NUMBERS.items()
    }
    return {**key_columns(task, method), "budget": budget, **shown}


def read_rows(path: Path) -> list[Row]:
    """Returns the rows of a table, or none if the file does not exist."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Writes a table atomically."""
    with whole_file(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*_NAMES, *_NUMBERS])
        writer.writeheader()
        writer.writerows(rows)


def means(rows: Sequence[Row]) -> str:
    """Returns a Markdown table of means over images by task, budget and method."""
    columns = ["task", "budget", "method", "pictures", *_NUMBERS]
    lines = [[name.replace("_", " ") for name in columns], ["---"] * len(columns)]
    budgets = dict.fromkeys(row["budget"] for row in rows)
    for kind in TASKS:
        for budget in budgets:
            for method in METHODS:
                wanted = kind, budget, method
                found = [x for x in rows if (x["task"], x["budget"], x["method"]) == wanted]
                if found:
                    numbers = (_mean(found, name) for name in _NUMBERS)
                    lines.append([*wanted, str(len(found)), *numbers])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _mean(rows: Sequence[Row], name: str) -> str:
    values = [float(row[name]) for row in rows if row[name]]
    return format(statistics.mean(values), _NUMBERS[name]) if values else "-"


def picture_file(folder: Path, task: Task, method: str, budget: str) -> Path:
    """Returns the path of an image."""
    return folder / task.kind / f"{task.name}-{method}-{budget}.png"


def sheet(folder: Path, tasks: Sequence[Task]) -> np.ndarray | None:
    """Returns a contact sheet with one row per task and one column per method with results.

    Args:
        folder: Folder of the `picture_file`s.
        tasks: Tasks of one kind; those without results get no row.

    Returns:
        The result of `contact_sheet`; None if there are no images.
    """
    files = {
        (task.name, method): picture_file(folder, task, method, END)
        for task in tasks
        for method in METHODS
    }
    there = {key: file for key, file in files.items() if file.exists()}
    methods = [name for name in METHODS if any(method == name for _, method in there)]
    shown: list[list[tuple[str, np.ndarray]]] = []
    for task in tasks:
        if not any(name == task.name for name, _ in there):
            continue
        cells: list[tuple[str, np.ndarray]] = list(task.pictures)
        for method in methods:
            file = there.get((task.name, method))
            blank = np.ones_like(task.pictures[0].image)
            made = blank if file is None else rwkeras.read_image(file)
            cells.append((method.replace("_", " "), made))
        shown.append(cells)
    return contact_sheet(shown) if shown else None
