"""Settings of stacking."""

from dataclasses import dataclass

from rwkeras.optimizers.settings import PRECISIONS
from rwkeras.settings import Settings, setting


@dataclass(frozen=True)
class StackSettings(Settings):
    """Settings of stacking."""

    candidates: int = setting(5, "Number of candidate weights per layer.", minimum=1)
    max_iterations: int = setting(
        60, "Iterations of the inversions at the last comparison of candidates.", minimum=1
    )
    reduction: int = setting(
        3,
        "Factor of successive halving: each comparison keeps one in so many candidates, and the "
        "next is made after so many times the iterations.",
        minimum=2,
    )
    noise_stddev: float = setting(
        0.02,
        "Standard deviation of the noise from which all inversions start, for pixels in [0, 1].",
    )
    precision: str = setting(
        "auto",
        "Precision of the network; see `OptimizerSettings`. Losses are compared in float32.",
        choices=PRECISIONS,
    )
