"""Load test of a server with concurrent clients and several image sizes: latency, errors, memory.

Each client sends one request after another over gRPC or REST until the total number is reached. The
99th percentile of 1000 requests depends on the slowest ten. Memory is the resident memory of the
server's processes before the first and after the last request; a warm model has already allocated
what it retains. Requests without an answer or with an error count as lost.

Example:
    python -m benchmarks.serving_load --address=localhost:8500 --pid=PID --output_dir=DIR
"""

import concurrent.futures
import itertools
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from absl import app, flags
from skimage import data

from benchmarks.json_results import write_results
from rwkeras.images.reading import from_array, resize
from rwkeras.serving import Client, ServingError
from rwkeras.validation import check_number

FLAGS = flags.FLAGS


class Answer(NamedTuple):
    """Outcome of a request: side of the image, seconds, and the error code, empty if none."""

    side: int
    seconds: float
    error: str = ""


def resident_mebibytes(pid: int) -> float:
    """Returns the resident memory of a process and its descendants, in MiB."""
    folder = Path("/proc", str(pid))
    kibibytes = re.search(r"^VmRSS:\s*(\d+) kB", (folder / "status").read_text(), re.MULTILINE)
    children = [
        int(child) for task in folder.glob("task/*/children") for child in task.read_text().split()
    ]
    own = int(kibibytes[1]) / 1024 if kibibytes else 0.0
    return own + sum(map(resident_mebibytes, children))


def load(
    address: str,
    model: str,
    *,
    clients: int,
    requests: int,
    sides: Sequence[int],
    max_iterations: int,
) -> list[Answer]:
    """Returns the outcomes of requests sent by concurrent clients.

    Args:
        address: See `Client`.
        model: Name of the served model.
        clients: Number of clients.
        requests: Total number of requests.
        sides: Sides of the square images in pixels, used in rotation.
        max_iterations: Iteration limit per image.
    """
    sources = data.coffee()[:, 100:500], data.immunohistochemistry()
    pictures = {
        side: [resize(from_array(image), (side, side)) for image in sources] for side in sides
    }
    waiting, lock = iter(itertools.islice(itertools.cycle(sides), requests)), threading.Lock()

    def client(_: int) -> list[Answer]:
        answers = []
        with Client(address, model=model) as asking:
            while True:
                with lock:
                    side = next(waiting, None)
                if side is None:
                    return answers
                started, error = time.perf_counter(), ""
                try:
                    asking.transfer_style(*pictures[side], max_iterations=max_iterations)
                except ServingError as failure:
                    error = failure.code
                answers.append(Answer(side, time.perf_counter() - started, error))

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        return [answer for found in pool.map(client, range(clients)) for answer in found]


def summary(answers: Sequence[Answer]) -> dict[str, object]:
    """Returns latencies of answered requests in seconds, and counts of lost ones by error."""
    seconds = [answer.seconds for answer in answers if not answer.error]
    return {
        "requests": len(answers),
        "lost": dict(Counter(answer.error for answer in answers if answer.error)),
        "median": statistics.median(seconds) if seconds else None,
        "percentile_99": float(np.percentile(seconds, 99)) if seconds else None,
    }


def _define_flags() -> None:
    """Defines the flags; not on import, as tests define their own."""
    flags.DEFINE_string("address", None, "Address of the server, as for `Client`.", required=True)
    flags.DEFINE_string("output_dir", None, "Folder for the results.", required=True)
    flags.DEFINE_string("model", "multiscale_style", "Name of the served model.")
    flags.DEFINE_integer("pid", None, "Local process of the server, whose memory is measured.")
    flags.DEFINE_integer("clients", 8, "Number of concurrent clients.")
    flags.DEFINE_integer("requests", 1000, "Total number of requests.")
    flags.DEFINE_list("sizes", ["32", "48", "64"], "Sides of the pictures in pixels, used in turn.")
    flags.DEFINE_integer("max_iterations", 5, "Iterations per picture.")


def main(argv: list[str]) -> None:
    """Runs the benchmark."""
    for name in ("clients", "requests"):
        check_number(name, getattr(FLAGS, name), integer=True, minimum=1)
    if not FLAGS.sizes or not all(side.isdecimal() and int(side) for side in FLAGS.sizes):
        raise app.UsageError(f"--sizes must be sides in pixels, not {FLAGS.sizes}")
    sides = [int(side) for side in FLAGS.sizes]

    def memory() -> float | None:
        return None if FLAGS.pid is None else resident_mebibytes(FLAGS.pid)

    before, started = memory(), time.perf_counter()
    answers = load(
        FLAGS.address,
        FLAGS.model,
        clients=FLAGS.clients,
        requests=FLAGS.requests,
        sides=sides,
        max_iterations=FLAGS.max_iterations,
    )
    spent = time.perf_counter() - started
    result = {
        "settings": {name: getattr(FLAGS, name) for name in ("clients", "sizes", "max_iterations")},
        "all": summary(answers),
        "by_side": {
            str(side): summary([answer for answer in answers if answer.side == side])
            for side in sorted(set(sides))
        },
        "answered_a_second": sum(not answer.error for answer in answers) / spent,
        "resident_mebibytes": {"before": before, "after": memory()},
    }
    write_results(FLAGS.output_dir, "serving_load.json", result)


if __name__ == "__main__":
    _define_flags()
    app.run(main)
