"""Comparison of feed-forward style transfer with optimisation: images and run times."""

import dataclasses
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import rwkeras
from rwkeras.backend import keras
from rwkeras.images.reading import fit_longer_side
from rwkeras.images.writing import contact_sheet

_OPTIMIZER = rwkeras.OptimizerSettings()
# Default network of `transfer_style`.
_NETWORK = "multiscale"
# Iterations after which the optimisation has compiled all of its functions.
_WARMUP = 20
# Number of passes per timing, as one pass is short.
_PASSES = 10


class Comparison(NamedTuple):
    """Results of one pass of a network and of an optimisation.

    Attributes:
        painted: Image from the network, float32 RGB in [0, 1], [height, width, 3].
        optimized: Image from `rwkeras.transfer_style`, likewise.
        seconds: For each pair, the seconds of one pass and of the optimisation.
    """

    painted: np.ndarray
    optimized: np.ndarray
    seconds: list[tuple[float, float]]

    @property
    def ratio(self) -> float:
        """Median ratio of the optimisation's duration to that of one pass."""
        return statistics.median(slow / fast for fast, slow in self.seconds)


def _timed(function: Callable[[], np.ndarray], times: int = 1) -> tuple[np.ndarray, float]:
    """Returns the result of a function and the mean duration of a call in seconds."""
    started = time.perf_counter()
    for _ in range(times):
        found = function()
    return found, (time.perf_counter() - started) / times


def compare(
    network: keras.Model,
    photo: np.ndarray,
    style: np.ndarray,
    *,
    seed: int = 0,
    optimizer: rwkeras.OptimizerSettings = _OPTIMIZER,
    pairs: int = 1,
) -> Comparison:
    """Renders a photograph alternately by a network and by `transfer_style` with its defaults.

    Args:
        network: The result of `train`.
        photo: float32 RGB in [0, 1], [height, width, 3].
        style: The style that the network was trained for, likewise.
        seed: Seed of the random network of `transfer_style`.
        optimizer: Settings of the optimisation.
        pairs: Number of timings of each.
    """

    def one_pass() -> np.ndarray:
        return network.predict_on_batch(photo[np.newaxis])[0]

    settings = rwkeras.StyleSettings(seed=seed)

    def optimized(given: rwkeras.OptimizerSettings = optimizer) -> np.ndarray:
        return rwkeras.transfer_style(_NETWORK, photo, style, settings, optimizer=given).image

    # Compiles both before timing, the optimisation for all of its sizes and precisions.
    one_pass()
    optimized(dataclasses.replace(optimizer, max_iterations=_WARMUP))
    seconds = []
    for _ in range(pairs):
        painted, fast = _timed(one_pass, times=_PASSES)
        best, slow = _timed(optimized)
        seconds.append((fast, slow))
    return Comparison(painted, best, seconds)


def sheet(photo: np.ndarray, style: np.ndarray, both: Comparison, size: int) -> np.ndarray:
    """Returns photograph, style and both results side by side.

    Args:
        photo: float32 RGB in [0, 1], [height, width, 3].
        style: The same.
        both: The results.
        size: Longer side of each image, in pixels.

    Returns:
        float32 RGB in [0, 1], [height, width, 3].
    """
    fast, slow = (statistics.median(column) for column in zip(*both.seconds, strict=True))
    shown = {
        "photograph": photo,
        "style": style,
        f"one pass: {fast:.2f} s": both.painted,
        f"optimised: {slow:.0f} s, ratio {both.ratio:.0f}": both.optimized,
    }
    return contact_sheet([[(label, fit_longer_side(x, size)) for label, x in shown.items()]])
