"""Scaling of style transfer with image size: seconds per evaluation and peak memory.

Each size runs in a process of its own. A power law in the number of pixels is fitted to both.

Example:
    python -m benchmarks.growth --output_dir=benchmarks/results
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from absl import app, flags

from rwkeras.commands.peak import peak_memory
from rwkeras.images.files import whole_file

FLAGS = flags.FLAGS
flags.DEFINE_string("output_dir", None, "Folder for the measurements.")
flags.DEFINE_list("sizes", ["256", "512", "1024", "2048"], "Sides of the pictures, in pixels.")
flags.DEFINE_string("precision", "float32", "Precision of the network.")
flags.DEFINE_integer(
    "evaluations", 4, "Number of evaluations, all but the first of which are timed."
)
flags.DEFINE_integer("measure", None, "Side of the one size to measure in this process.")


def measure(size: int) -> dict[str, float]:
    """Returns seconds per evaluation and peak memory of a style transfer in this process."""
    from benchmarks.cases import style
    from rwkeras.optimizers.settings import OptimizerSettings
    from rwkeras.tasks.synthesis import begin_run

    case = style(size, 0)
    settings = OptimizerSettings(
        precision=FLAGS.precision, report_every=1, max_iterations=1 + FLAGS.evaluations
    )
    run = begin_run(case.model, case.objective, case.start, settings)
    # The first iteration compiles everything.
    run.advance()
    before = run.evaluations
    started = time.perf_counter()
    while not run.finished:
        run.advance()
    seconds = (time.perf_counter() - started) / (run.evaluations - before)
    peak = peak_memory()
    if peak is None:
        raise OSError("This system does not report peak memory.")
    return {"size": size, "seconds": seconds, "peak_gib": peak}


def exponent(rows: list[dict[str, float]], key: str) -> float:
    """Returns p of the power law key ~ pixels^p, by least squares of the logarithms."""
    pixels = np.log([row["size"] ** 2 for row in rows])
    return float(np.polyfit(pixels, np.log([row[key] for row in rows]), 1)[0])


def main(argv: list[str]) -> None:
    """Measures each size in a process of its own."""
    if FLAGS.measure is not None:
        print(json.dumps(measure(FLAGS.measure)))
        return
    rows = []
    for size in FLAGS.sizes:
        command = [
            sys.executable, "-m", "benchmarks.growth", f"--measure={size}",
            f"--precision={FLAGS.precision}", f"--evaluations={FLAGS.evaluations}",
        ]  # fmt: skip
        process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(process.stdout.splitlines()[-1]))
        print(rows[-1], flush=True)
    result = {"rows": rows}
    if len(rows) > 1:
        result |= {key: exponent(rows, key) for key in ("seconds", "peak_gib")}
    print(result)
    if FLAGS.output_dir:
        Path(FLAGS.output_dir).mkdir(parents=True, exist_ok=True)
        with whole_file(Path(FLAGS.output_dir) / "growth.json") as path:
            path.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    app.run(main)
