"""Monitoring of a run: progress bar, previews, TensorBoard, interruption by signals."""

import contextlib
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from rwkeras.commands.pictures import Pictures
from rwkeras.commands.streams import ErrorTolerantStream
from rwkeras.images.filmstrip import Filmstrip
from rwkeras.optimizers.settings import Progress

_REPORT_EVERY = 5
_LOG_IMAGE_EVERY = 50
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def preview_path(output: Path, iteration: int) -> Path:
    """Returns the path of an iteration's preview, such as OUTPUT-00050.png."""
    return output.with_name(f"{output.stem}-{iteration:05d}{output.suffix}")


def report_interval(save_every: int) -> int:
    """Returns the callback interval in iterations, a divisor of `save_every` unless that is 0."""
    if save_every == 0:
        return _REPORT_EVERY
    return max(n for n in range(1, _REPORT_EVERY + 1) if save_every % n == 0)


class Monitor:
    """Callback with a progress bar, previews and TensorBoard logs that handles Ctrl-C and signals.

    Use it as a context manager. The first SIGINT, SIGTERM or SIGHUP stops the run at the next
    callback, with a result; the second ends the process, except for SIGHUP, which a closing
    terminal may send twice. Errors in writing previews or logs do not end the run: each kind is
    reported by one warning.

    Args:
        output: Path of the result; previews are written beside it.
        total: Maximum number of iterations, until a `Progress` updates it.
        save_every: Preview interval in iterations; 0: no previews. A preview due between two calls
            is written at the second.
        logdir: Folder for TensorBoard, or None.
        pictures: Postprocessing and writing of pictures.
        filmstrip: Filmstrip that collects frames of the run, or None.
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
        self._writer: tf.summary.SummaryWriter | None = None
        with self._logging():
            self._writer = tf.summary.create_file_writer(logdir) if logdir else None
        self._bar = tqdm(
            total=total,
            unit="it",
            desc=output.stem,
            dynamic_ncols=True,
            file=ErrorTolerantStream(sys.stderr),
        )
        self._warned = False
        self.interrupted: int | None = None

    def __enter__(self) -> "Monitor":
        # Under `nohup`, SIGHUP is ignored and must stay so.
        ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        handled = [n for n in _SIGNALS if not (ignored and n == signal.SIGHUP)]
        self._previous = {n: signal.signal(n, self._interrupt) for n in handled}
        return self

    def __exit__(self, *exception) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._bar.close()
        with self._logging():
            if self._writer is not None:
                self._writer.close()

    def _interrupt(self, number, frame) -> None:
        self.interrupted = number
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        print(
            "\nstopping; interrupt again to quit without a result",
            file=ErrorTolerantStream(sys.stderr),
        )

    def __call__(self, progress: Progress) -> bool:
        """Displays and logs a `Progress`; returns whether to stop."""
        self._bar.total = progress.max_iterations
        self._bar.set_postfix(loss=f"{progress.loss.mean():.4g}", refresh=False)
        self._bar.update(progress.iteration - self._bar.n)

        def shown() -> np.ndarray:
            return self._pictures.postprocess(progress.images[0].numpy())

        if self._preview_is_due(progress.iteration):
            self._write_preview(progress.iteration, shown())
        if self._filmstrip is not None:
            self._filmstrip.record(progress.iteration, shown)
        with self._logging():
            if self._writer is not None:
                with self._writer.as_default(step=progress.iteration):
                    self._log(progress, shown)
        return self.interrupted is not None

    @contextlib.contextmanager
    def _logging(self) -> Iterator[None]:
        """Turns write errors in the block into a warning, and disables logging after one."""
        try:
            yield
        except (OSError, tf.errors.OpError):
            self._writer = None
            warnings.warn("TensorBoard logs cannot be written", stacklevel=3)

    def _write_preview(self, iteration: int, image: np.ndarray) -> None:
        """Writes a preview; warns at the first failure."""
        path = preview_path(self._output, iteration)
        try:
            self._pictures.write(path, image)
        except (OSError, ValueError) as error:  # E.g. disk full, folder removed.
            if not self._warned:
                warnings.warn(f"A preview cannot be written: {error}", stacklevel=2)
            self._warned = True

    def _preview_is_due(self, iteration: int) -> bool:
        """Returns whether a preview became due since the last call."""
        if not self._save_every:
            return False
        # A run resumed from a checkpoint may start at an iteration with a preview.
        before = (iteration - 1) // self._save_every if self._previews is None else self._previews
        self._previews = iteration // self._save_every
        return iteration > 0 and self._previews > before

    def _log(self, progress: Progress, shown: Callable[[], np.ndarray]) -> None:
        tf.summary.scalar("loss", progress.loss.mean())
        for name, loss in progress.losses.items():
            tf.summary.scalar(f"losses/{name}", loss.mean())
        if progress.iteration % (self._save_every or _LOG_IMAGE_EVERY) == 0:
            tf.summary.image("image", shown()[np.newaxis])
