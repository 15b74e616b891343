"""Common flow of the task tools: check outputs, run, write results."""

import contextlib
import dataclasses
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rwkeras.commands import flags
from rwkeras.commands.input_pictures import clear_pictures, name_picture_in_errors
from rwkeras.commands.launch import SIGNALLED, own_flags
from rwkeras.commands.monitor import Monitor, report_interval
from rwkeras.commands.peak import peak_memory, return_freed_memory
from rwkeras.commands.pictures import Finish, Pictures, identity
from rwkeras.commands.report import run_report, write_json
from rwkeras.commands.source import Source
from rwkeras.commands.task_files import TaskFiles, task_files
from rwkeras.commands.variations import Variation, in_rows, seeded
from rwkeras.images.files import is_stream
from rwkeras.images.filmstrip import Filmstrip, thumbnail
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.settings import Settings
from rwkeras.validation import check_number


class Task(NamedTuple):
    """A task that is ready to run.

    Attributes:
        settings: Settings of the task, for the report.
        run: Runs the task, given optimiser settings and a callback.
    """

    settings: Settings
    run: Callable[[OptimizerSettings, Callback], OptimizationResult]


def _no_measures(image: np.ndarray) -> dict[str, Any]:
    return {}


def _explain(result: OptimizationResult) -> None:
    """Prints to stderr why a run ended early."""
    if not np.all(np.isfinite(result.loss)):
        print("warning: the loss is not finite; this is the best image so far", file=sys.stderr)
    elif np.any(result.converged) and not np.any(result.iterations):
        print(
            "note: zero gradient at the initial image: the loss does not depend on it",
            file=sys.stderr,
        )
    elif np.any(result.failed):
        print(
            f"note: no lower loss was found after {np.max(result.iterations)} iterations; "
            "this is the best image",
            file=sys.stderr,
        )


def _print_peak_memory(bound: float) -> None:
    """Prints to stderr the peak memory so far and its bound in GiB."""
    peak = peak_memory()
    if peak is not None:
        kind = "warning" if peak > bound else "note"
        print(f"{kind}: peak memory {peak:.2f} GiB, limit {bound:g} GiB", file=sys.stderr)


class _Result(NamedTuple):
    """Thumbnail, filmstrip frames and report of a written result."""

    label: str
    thumbnail: np.ndarray
    stages: list[tuple[str, np.ndarray]]
    report: dict[str, Any]
    interrupted: int | None


def _run_variation(
    variation: Variation,
    prepare: Callable[[], Task],
    measure: Callable[[np.ndarray], dict[str, Any]],
    pictures: Pictures,
) -> _Result:
    """Runs one variation and writes its picture."""
    values = flags.FLAGS
    settings = dataclasses.replace(
        flags.optimizer(report_interval(values.save_every)),
        checkpoint_dir=variation.folder(values.checkpoint_dir),
    )
    task = prepare()
    label = f"{variation.name}, " if variation.name else ""
    strip = Filmstrip(label) if values.filmstrip else None
    monitor = Monitor(
        variation.output,
        settings.max_iterations,
        values.save_every,
        variation.folder(values.logdir),
        pictures,
        strip,
    )
    started = time.monotonic()
    with monitor, name_picture_in_errors():
        result = task.run(settings, monitor)
    seconds = time.monotonic() - started
    _explain(result)
    if settings.max_memory is not None:
        _print_peak_memory(settings.max_memory)
    image = pictures.postprocess(result.image[0])
    pictures.write(variation.output, image)
    measures = measure(image) if values.report else {}
    report = run_report(result.unbatched(), seconds, measures)
    report |= {
        "settings": dataclasses.asdict(task.settings),  # type: ignore[call-overload]
        "optimizer": dataclasses.asdict(settings),
    }
    if variation.name:
        report = {"seed": variation.seed, "output": str(variation.output), **report}
    stages = [] if strip is None else strip.frames(image)
    return _Result(variation.name, thumbnail(image), stages, report, monitor.interrupted)


def _write_overviews(
    files: TaskFiles, pictures: Pictures, done: list[_Result], *, last: bool
) -> None:
    """Writes the sheet of variations, the filmstrip and the report of all results so far.

    An error in one file does not keep the others from being written.

    Args:
        files: Output paths; those of streams are written only at the end, as they cannot be
            replaced.
        pictures: Writer of pictures.
        done: Results so far.
        last: Whether these are all results.
    """
    several = bool(done[0].label)

    def sheet(path: Path) -> None:
        pictures.write_sheet(path, in_rows([(result.label, result.thumbnail) for result in done]))

    def filmstrip(path: Path) -> None:
        pictures.write_sheet(path, [result.stages for result in done])

    def report(path: Path) -> None:
        reports = [result.report for result in done]
        given = {flag.name: flag.value for flag in own_flags()}
        write_json(path, {"variations": reports} if several else reports[0], given)

    overviews: list[tuple[Path | None, Callable[[Path], None]]] = [
        (files.output if several else None, sheet),
        (files.filmstrip, filmstrip),
        (files.report, report),
    ]
    with contextlib.ExitStack() as writes:  # Calls all, even if one raises.
        for path, write in reversed(overviews):
            if path is not None and (last or not is_stream(path)):
                writes.callback(write, path)


def run_task(
    prepare: Callable[[], Task],
    measure: Callable[[np.ndarray], dict[str, Any]] = _no_measures,
    *,
    reads: Sequence[str],
    source: Source | None = None,
    finish: Finish = identity,
    noise: bool = True,
) -> int:
    """Runs a task as configured by the shared flags, and writes its pictures and report.

    Args:
        prepare: Reads pictures and builds the network; returns the task. Called for each variation,
            with its seed in `FLAGS.seed`, after the outputs were checked.
        measure: Returns further measures of an image, float32 [height, width, 3], for the report.
        reads: The tool's own flags that name input files.
        source: The picture whose alpha channel and ICC profile the result gets.
        finish: Postprocessing of pictures of any size.
        noise: Whether the task starts from noise.

    Returns:
        The exit status.
    """
    values = flags.FLAGS
    clear_pictures()
    if values.max_memory is not None:
        return_freed_memory()
    check_number("save_every", values.save_every, integer=True)
    flags.optimizer(report_interval(values.save_every))  # Fail early on invalid values.
    files, requested = task_files(reads, noise=noise)
    sheets = [] if files.filmstrip is None else [files.filmstrip]
    settings = flags.file_settings(files.output, sheets)
    pictures = Pictures(settings, None if source is None else source.picture, finish)
    done: list[_Result] = []
    for variation in requested:
        with seeded(variation.seed):
            done.append(_run_variation(variation, prepare, measure, pictures))
        interrupted = done[-1].interrupted
        last = variation is requested[-1] or interrupted is not None
        _write_overviews(files, pictures, done, last=last)
        if interrupted is not None:
            return SIGNALLED + interrupted
    return 0
