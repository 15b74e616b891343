"""Settings of stacking."""

from dataclasses import dataclass

from rwkeras.optimizers.settings import PRECISIONS
from rwkeras.settings import Settings, setting


@dataclass(frozen=True)
class StackSettings(Settings):
    """Settings of stacking."""

    candidates: int = setting(5, "How many sets of weights there are for each layer.", minimum=1)
    max_iterations: int = setting(
        60, "Iterations of the inversions of the last candidates that are compared.", minimum=1
    )
    reduction: int = setting(
        3,
        "One candidate of as many goes on from each comparison to the next, which is made after as "
        "many times the iterations.",
        minimum=2,
    )
    noise_stddev: float = setting(
        0.02, "Standard deviation of the noise that all start from, for pixels in [0, 1]."
    )
    precision: str = setting(
        "auto",
        "Of the network; see `OptimizerSettings`. Losses are compared in float32.",
        choices=PRECISIONS,
    )
