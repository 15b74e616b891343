"""The way of every task tool: check the outputs, run, write."""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from rwkeras.commands import flags
from rwkeras.commands.launch import SIGNALLED, own_flags
from rwkeras.commands.monitor import Monitor, report_interval
from rwkeras.commands.report import write_report
from rwkeras.images.files import check_output
from rwkeras.images.writing import check_image_output, write_image
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.validation import check_number

Task = Callable[[OptimizerSettings, Callback], OptimizationResult]


def _no_measures(image: np.ndarray) -> dict[str, Any]:
    return {}


def _explain(result: OptimizationResult) -> None:
    """Says on stderr why a run ended early."""
    if not np.all(np.isfinite(result.loss)):
        print("warning: the loss is not finite; this is the best image so far", file=sys.stderr)
    elif np.any(result.converged) and not np.any(result.iterations):
        print("note: the start is flat: the loss does not change with the picture", file=sys.stderr)
    elif np.any(result.failed):
        print(
            f"note: no lower loss was found after {np.max(result.iterations)} iterations; "
            "this is the best image",
            file=sys.stderr,
        )


def run_task(
    prepare: Callable[[], Task],
    measure: Callable[[np.ndarray], dict[str, Any]] = _no_measures,
) -> int:
    """Runs a task as the shared flags say, and writes its picture and report.

    Args:
        prepare: Reads pictures and builds the network; returns the task, a function of the
            optimiser's settings and a callback. It is called once the outputs were found to be
            writable.
        measure: Returns what else the report says of an image, float32 [height, width, 3].

    Returns:
        The exit status.
    """
    values = flags.FLAGS
    output = check_image_output(values.output)
    report = check_output(values.report, "report") if values.report else None
    check_number("save_every", values.save_every, integer=True)
    settings = flags.optimizer(report_interval(values.save_every))
    task = prepare()
    monitor = Monitor(output, settings.max_iterations, values.save_every, values.logdir)
    started = time.monotonic()
    with monitor:
        result = task(settings, monitor)
    seconds = time.monotonic() - started
    image = result.image[0]
    _explain(result)
    write_image(output, image)
    if report is not None:
        single = result.unbatched()
        given = {flag.name: flag.value for flag in own_flags()}
        write_report(report, single, seconds, given, measure(image))
    return 0 if monitor.interrupted is None else SIGNALLED + monitor.interrupted
