"""A picture in a style by one pass of a network beside an optimisation: how long, and how alike."""

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
# By which styles are transferred where nothing is said.
_NETWORK = "multiscale"
# Iterations in which the optimisation comes to use all that it has to compile.
_WARMUP = 20
# One pass is short: so many are timed together.
_PASSES = 10


class Comparison(NamedTuple):
    """One pass of a network beside an optimisation.

    Attributes:
        painted: The network's picture, float32 RGB in [0, 1], [height, width, 3].
        optimized: That of `rwkeras.transfer_style`.
        seconds: Of each pair, what one pass took, and what the optimisation.
    """

    painted: np.ndarray
    optimized: np.ndarray
    seconds: list[tuple[float, float]]

    @property
    def ratio(self) -> float:
        """How many times longer the optimisation took, the median of the pairs."""
        return statistics.median(slow / fast for fast, slow in self.seconds)


def _timed(function: Callable[[], np.ndarray], times: int = 1) -> tuple[np.ndarray, float]:
    """Returns what a function returns, and how long a call took on average."""
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
    """Paints a photograph by a network, and by `transfer_style` as it is by default, by turns.

    Args:
        network: What `train` returned.
        photo: float32 RGB in [0, 1], [height, width, 3].
        style: What it was trained to paint in.
        seed: Of the random network by which `transfer_style` paints.
        optimizer: Of the optimisation.
        pairs: How many times each is timed.
    """

    def one_pass() -> np.ndarray:
        return network.predict_on_batch(photo[np.newaxis])[0]

    settings = rwkeras.StyleSettings(seed=seed)

    def optimized(given: rwkeras.OptimizerSettings = optimizer) -> np.ndarray:
        return rwkeras.transfer_style(_NETWORK, photo, style, settings, optimizer=given).image

    # Off the clock both are compiled, the optimisation at all of its sizes and in its precisions.
    one_pass()
    optimized(dataclasses.replace(optimizer, max_iterations=_WARMUP))
    seconds = []
    for _ in range(pairs):
        painted, fast = _timed(one_pass, times=_PASSES)
        best, slow = _timed(optimized)
        seconds.append((fast, slow))
    return Comparison(painted, best, seconds)


def sheet(photo: np.ndarray, style: np.ndarray, both: Comparison, size: int) -> np.ndarray:
    """Returns photograph, style and both pictures side by side.

    Args:
        photo: float32 RGB in [0, 1], [height, width, 3].
        style: The same.
        both: What came of them.
        size: The longer side of each, in pixels.

    Returns:
        float32 RGB in [0, 1], [height, width, 3].
    """
    fast, slow = (statistics.median(column) for column in zip(*both.seconds, strict=True))
    shown = {
        "photograph": photo,
        "style": style,
        f"one pass: {fast:.2f} s": both.painted,
        f"optimised: {slow:.0f} s, {both.ratio:.0f} times as long": both.optimized,
    }
    return contact_sheet([[(label, fit_longer_side(x, size)) for label, x in shown.items()]])
