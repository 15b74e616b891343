"""Compares run times of inversion, texture and style between this checkout and another revision.

After a first run of each, which compiles, the two alternate, so that other load on the machine
affects both alike. The table gives the median of the ratios of adjacent runs.

Example:
    python -m benchmarks.before_after --revision=HEAD~1 --output_dir=benchmarks/results
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from absl import app, flags

from rwkeras.images.files import whole_file

FLAGS = flags.FLAGS
flags.DEFINE_string("output_dir", None, "Folder for the table and the measurements.")
flags.DEFINE_string("revision", "HEAD~1", "Git revision to compare with.")
flags.DEFINE_list("tasks", ["invert", "texture", "style"], "Tasks to time.")
flags.DEFINE_string("network", "vgg19", "Name of the network.")
flags.DEFINE_integer("image_size", 256, "Side of the pictures, in pixels.")
flags.DEFINE_integer("max_iterations", 30, "Iterations per task.")
flags.DEFINE_integer("repeats", 5, "Number of alternating repetitions.")
flags.DEFINE_bool("serve", False, "Whether to run tasks read from standard input.")

_ROOT = Path(__file__).parents[1]
_LAYERS = {"invert": "conv3_1", "content": ["conv2_2"], "style": ["conv1_1", "conv2_1", "conv3_1"]}


def _tasks() -> dict[str, Any]:
    """Returns the tasks by name, as functions without arguments."""
    from skimage import data

    import rwkeras
    from rwkeras.images.reading import from_array, resize

    size = FLAGS.image_size, FLAGS.image_size
    photo, painting = (
        resize(from_array(image), size) for image in (data.astronaut(), data.immunohistochemistry())
    )
    model = rwkeras.load_network(FLAGS.network)
    rwkeras.calibrate(model, photo)
    optimizer = rwkeras.OptimizerSettings(max_iterations=FLAGS.max_iterations)
    return {
        "invert": lambda: rwkeras.invert(
            model, photo, rwkeras.InversionSettings(_LAYERS["invert"]), optimizer=optimizer
        ),
        "texture": lambda: rwkeras.synthesize_texture(
            model,
            painting,
            rwkeras.TextureSettings(_LAYERS["style"], scales=None),
            optimizer=optimizer,
        ),
        "style": lambda: rwkeras.transfer_style(
            model,
            photo,
            painting,
            rwkeras.StyleSettings(_LAYERS["content"], _LAYERS["style"], scales=None),
            optimizer=optimizer,
        ),
    }


def _serve() -> None:
    """Prints the package's checkout; for each task named on stdin, prints seconds, evaluations."""
    import rwkeras

    print(json.dumps(str(Path(rwkeras.__file__).parents[1])), flush=True)
    tasks = _tasks()
    for line in sys.stdin:
        started = time.perf_counter()
        result = tasks[line.strip()]()
        print(json.dumps([time.perf_counter() - started, int(result.evaluations)]), flush=True)


class _CheckoutProcess:
    """Process that runs the tasks of one checkout."""

    def __init__(self, checkout: Path):
        given = [f"--{n}={FLAGS[n].value}" for n in ("network", "image_size", "max_iterations")]
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", *given],
            env={**os.environ, "PYTHONPATH": str(checkout)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        found = self._read_reply()
        if Path(found) != checkout.resolve():
            raise RuntimeError(f"The package of {found} was imported, not that of {checkout}.")

    def __enter__(self) -> "_CheckoutProcess":
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.communicate()

    def seconds(self, task: str) -> float:
        """Returns the seconds of a task per evaluation of the gradient."""
        print(task, file=self._process.stdin, flush=True)
        seconds, evaluations = self._read_reply()
        return seconds / evaluations

    def _read_reply(self) -> Any:
        return json.loads(next(self._process.stdout or iter(())))


def _measure(before: _CheckoutProcess, after: _CheckoutProcess, task: str) -> dict[str, Any]:
    """Returns the milliseconds per evaluation of both checkouts, and the ratio after / before."""
    for process in (before, after):
        process.seconds(task)
    pairs = [(before.seconds(task), after.seconds(task)) for _ in range(FLAGS.repeats)]
    ratios = [new / old for old, new in pairs]
    return {
        "task": task,
        "before_ms": 1000 * statistics.median(old for old, _ in pairs),
        "after_ms": 1000 * statistics.median(new for _, new in pairs),
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
    }


def main(argv: list[str]) -> None:
    """Measures both checkouts and writes the table."""
    if FLAGS.serve:
        _serve()
        return
    folder = Path(FLAGS.output_dir or "benchmarks/results")
    folder.mkdir(parents=True, exist_ok=True)
    git = ["git", "-C", str(_ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as temporary:
        other = Path(temporary).resolve() / "before"
        subprocess.run([*git, "add", "--detach", other, FLAGS.revision], check=True)
        try:
            with _CheckoutProcess(other) as before, _CheckoutProcess(_ROOT) as after:
                rows = [_measure(before, after, task) for task in FLAGS.tasks]
        finally:
            subprocess.run([*git, "remove", "--force", other], check=True)
    lines = ["| task | ms an evaluation before | after | ratio | of |", "| --- " * 5 + "|"]
    lines += [
        f"| {row['task']} | {row['before_ms']:.0f} | {row['after_ms']:.0f} | {row['ratio']:.3f} | "
        f"{row['least']:.2f} to {row['most']:.2f} |"
        for row in rows
    ]
    with whole_file(folder / "before_after.json") as path:
        path.write_text(json.dumps(rows, indent=2) + "\n")
    with whole_file(folder / "before_after.md") as path:
        path.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    app.run(main)
