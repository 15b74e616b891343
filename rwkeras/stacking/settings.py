"""The defaults of stacking, stated once."""

from dataclasses import dataclass

from rwkeras.optimizers.settings import PRECISIONS
from rwkeras.validation import check_choice, check_number, plain_numbers


@dataclass(frozen=True)
class StackSettings:
    """Settings of stacking.

    Attributes:
        candidates: How many there are for each layer.
        max_iterations: Of the inversions of the last that are compared.
        reduction: One candidate of as many goes on from each comparison to the next, which is
            made after as many times the iterations.
        noise_stddev: Of the noise that all start from, for pixels in [0, 1].
        precision: Of the network; see `OptimizerSettings`. Losses are compared in float32.
    """

    candidates: int = 5
    max_iterations: int = 60
    reduction: int = 3
    noise_stddev: float = 0.02
    precision: str = "auto"

    def __post_init__(self):
        plain_numbers(self)
        check_number("candidates", self.candidates, integer=True, minimum=1)
        check_number("max_iterations", self.max_iterations, integer=True, minimum=1)
        check_number("reduction", self.reduction, integer=True, minimum=2)
        check_number("noise_stddev", self.noise_stddev)
        check_choice("precision", self.precision, PRECISIONS)
