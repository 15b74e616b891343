"""What a person sees of a run while it goes on, and how they stop it."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from rwkeras.commands.filmstrip import Filmstrip
from rwkeras.commands.pictures import Pictures
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
        total: The number of iterations at most, until a `Progress` says otherwise.
        save_every: After how many iterations a preview is written; 0: never. One that falls between
            two calls is written at the second.
        logdir: A folder for TensorBoard, or None.
        pictures: How pictures are shown and written.
        filmstrip: What keeps the stages of the run, or None.
    """

    def __init__(
        self,
        output: Path,
        total: int,
        save_every: int,
        logdir: str | None,
        pictures: Pictures | None = None,
        filmstrip: Filmstrip | None = None,
    ):
        self._output = output
        self._save_every = save_every
        self._previews: int | None = None
        self._pictures = Pictures() if pictures is None else pictures
        self._filmstrip = filmstrip
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
        self._bar.total = progress.max_iterations
        self._bar.set_postfix(loss=f"{progress.loss.mean():.4g}", refresh=False)
        self._bar.update(progress.iteration - self._bar.n)

        def shown() -> np.ndarray:
            return self._pictures.finished(progress.images[0].numpy())

        if self._preview_is_due(progress.iteration):
            self._pictures.write(preview_path(self._output, progress.iteration), shown())
        if self._filmstrip is not None:
            self._filmstrip.see(progress.iteration, shown)
        if self._writer is not None:
            with self._writer.as_default(step=progress.iteration):
                self._log(progress, shown)
        return self.interrupted is not None

    def _preview_is_due(self, iteration: int) -> bool:
        """Returns whether a preview's iteration has come since the last call."""
        if not self._save_every:
            return False
        # A run may begin at any iteration, that of a checkpoint, and so with a preview.
        before = (iteration - 1) // self._save_every if self._previews is None else self._previews
        self._previews = iteration // self._save_every
        return iteration > 0 and self._previews > before

    def _log(self, progress: Progress, shown: Callable[[], np.ndarray]) -> None:
        tf.summary.scalar("loss", progress.loss.mean())
        for name, loss in progress.losses.items():
            tf.summary.scalar(f"losses/{name}", loss.mean())
        if progress.iteration % (self._save_every or _LOG_IMAGE_EVERY) == 0:
            tf.summary.image("image", shown()[np.newaxis])
