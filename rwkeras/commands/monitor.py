"""What a person sees of a run while it goes on, and how they stop it."""

import signal
import sys
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

from rwkeras.images.writing import write_image
from rwkeras.optimizers.settings import Progress

_REPORT_EVERY = 5
_LOG_IMAGE_EVERY = 50
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def preview_path(output: Path, iteration: int) -> Path:
    """Returns where the preview of an iteration goes: OUTPUT-00050.png."""
    return output.with_name(f"{output.stem}-{iteration:05d}{output.suffix}")


def report_interval(save_every: int) -> int:
    """Returns how often a `Monitor` must be called for its previews to fall on time."""
    if save_every == 0:
        return _REPORT_EVERY
    return max(n for n in range(1, _REPORT_EVERY + 1) if save_every % n == 0)


class Monitor:
    """A callback with a progress bar, previews, TensorBoard, Ctrl-C and SIGTERM.

    Used as a context manager. The first Ctrl-C or SIGTERM ends the run at the next chance, with a
    result; the second ends the process.

    Args:
        output: The path of the result, beside which previews go.
        total: The number of iterations at most.
        save_every: After how many iterations a preview is written; 0: never.
        logdir: A folder for TensorBoard, or None.
    """

    def __init__(self, output: Path, total: int, save_every: int, logdir: str | None):
        self._output = output
        self._save_every = save_every
        self._writer = tf.summary.create_file_writer(logdir) if logdir else None
        self._bar = tqdm(total=total, unit="it", desc=output.stem, dynamic_ncols=True)
        self.interrupted: int | None = None

    def __enter__(self) -> "Monitor":
        self._previous = {n: signal.signal(n, self._interrupt) for n in _SIGNALS}
        return self

    def __exit__(self, *exception) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._bar.close()
        if self._writer is not None:
            self._writer.close()

    def _interrupt(self, number, frame) -> None:
        self.interrupted = number
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        print("\nstopping; once more to quit without a result", file=sys.stderr)

    def __call__(self, progress: Progress) -> bool:
        """Shows and writes a `Progress`; returns whether to stop."""
        self._bar.set_postfix(loss=f"{progress.loss.mean():.4g}", refresh=False)
        self._bar.update(progress.iteration - self._bar.n)
        if self._save_every and progress.iteration and progress.iteration % self._save_every == 0:
            write_image(preview_path(self._output, progress.iteration), progress.images[0].numpy())
        if self._writer is not None:
            with self._writer.as_default(step=progress.iteration):
                self._log(progress)
        return self.interrupted is not None

    def _log(self, progress: Progress) -> None:
        tf.summary.scalar("loss", progress.loss.mean())
        for name, loss in progress.losses.items():
            tf.summary.scalar(f"losses/{name}", loss.mean())
        if progress.iteration % (self._save_every or _LOG_IMAGE_EVERY) == 0:
            tf.summary.image("image", tf.clip_by_value(progress.images, 0.0, 1.0))
