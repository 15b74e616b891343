"""Output files of a task tool, determined and checked before the run."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from rwkeras.commands.flags import FLAGS
from rwkeras.commands.monitor import preview_path
from rwkeras.commands.outputs import check_logdir, check_outputs, inputs
from rwkeras.commands.variations import Variation, variations
from rwkeras.images.files import check_output, is_stream
from rwkeras.images.outputs import Output
from rwkeras.images.writing import check_image_output
from rwkeras.validation import invalid_argument

# Flags of all tasks that name input files.
_READS = ("network", "weights", "rescale_images")
# File names of a TensorFlow checkpoint.
_CHECKPOINT = re.compile(r"checkpoint|ckpt-\d+\.(index|data-.*)")


class TaskFiles(NamedTuple):
    """Output paths of a task tool."""

    output: Path
    report: Path | None
    filmstrip: Path | None


def task_files(reads: Sequence[str], *, noise: bool) -> tuple[TaskFiles, list[Variation]]:
    """Returns the output files that the flags name, and the variations to make.

    Args:
        reads: The tool's own flags that name input files.
        noise: See `variations`.

    Raises:
        ValueError: An output, including previews and variations, cannot be written, or would
            overwrite an input or another output.
    """
    output = check_image_output(FLAGS.output)
    report = check_output(FLAGS.report, "report") if FLAGS.report else None
    filmstrip = check_image_output(FLAGS.filmstrip, "filmstrip") if FLAGS.filmstrip else None
    requested = variations(output, noise=noise)
    named = [Output("output", output)]
    if len(requested) > 1:
        named += [Output("output", check_image_output(v.output), output) for v in requested]
    if report is not None:
        named.append(Output("report", report))
    if filmstrip is not None:
        named.append(Output("filmstrip", filmstrip))
    previews = (
        [p for v in requested for p in _previews(v.output, named)] if FLAGS.save_every else []
    )
    check_outputs([*previews, *named], [*_READS, *reads])
    files = [(name, path) for name, path, _ in named]
    files += [(name, Path(path)) for name, path, _ in inputs([*_READS, *reads])]
    _check_checkpoints(files)
    check_logdir(FLAGS.logdir)
    return TaskFiles(output, report, filmstrip), requested


def _previews(output: Path, others: Iterable[Output]) -> list[Output]:
    """Returns possible previews of a result whose paths coincide with existing or other outputs.

    The iterations of previews are unknown before the run, so every matching name counts.
    """
    # Check the longest possible name.
    check_image_output(preview_path(output, max(99_999, 10 * FLAGS.max_iterations)))
    folder = os.path.realpath(output.parent)
    pattern = re.compile(rf"{re.escape(output.stem)}-\d{{5,}}{re.escape(output.suffix)}")
    written = [os.path.split(os.path.realpath(other.path)) for other in others]
    names = {*os.listdir(folder), *(name for parent, name in written if parent == folder)}
    previews = [output.with_name(name) for name in sorted(names) if pattern.fullmatch(name)]
    for preview in previews:
        if is_stream(preview):  # Writing to an unread pipe would block the run.
            expected = f"a value for which {preview.name}, not a regular file, is not written"
            raise invalid_argument("output", expected, str(output))
    return [Output("output", preview, output) for preview in previews]


def _check_checkpoints(files: Iterable[tuple[str, Path]]) -> None:
    """Raises `ValueError` if a file has the name of a checkpoint file in `--checkpoint_dir`."""
    if FLAGS.checkpoint_dir is None:
        return
    folder = Path(os.path.realpath(FLAGS.checkpoint_dir))
    for name, path in files:
        target = Path(os.path.realpath(path))
        if folder in target.parents and _CHECKPOINT.fullmatch(target.name):
            expected = "a name that differs from those of checkpoint files in `checkpoint_dir`"
            raise invalid_argument(name, expected, str(path))
