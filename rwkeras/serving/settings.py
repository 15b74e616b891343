"""Limits on the work of a served model."""

from dataclasses import dataclass

from rwkeras.validation import check_number, invalid_argument, plain_numbers


@dataclass(frozen=True)
class ServingSettings:
    """Limits on the work caused by one image of a request.

    Attributes:
        max_iterations: Iterations of the optimisation, if a request does not say how many; of what
            is made from coarse to fine, those of the first size.
        max_evaluations: Evaluations of the gradient at most, of all sizes together, if a request
            does not say how many; 0 for a quarter more than the iterations, and one, at each size,
            which they seldom exceed.
        evaluations_limit: How many of either a request may ask for.
        max_side: The longer side, in pixels, to which larger images are scaled down.
        max_pixels: How many pixels an image may say that it has and still be decoded.
    """

    max_iterations: int = 100
    max_evaluations: int = 0
    evaluations_limit: int = 1000
    max_side: int = 1024
    max_pixels: int = 50_000_000

    def __post_init__(self):
        plain_numbers(self)
        for name in ("max_iterations", "max_evaluations"):
            check_number(name, getattr(self, name), integer=True)
        for name in ("evaluations_limit", "max_side", "max_pixels"):
            check_number(name, getattr(self, name), integer=True, minimum=1)
        for name in ("max_iterations", "max_evaluations"):
            if getattr(self, name) > self.evaluations_limit:
                expected = f"at most `evaluations_limit`, {self.evaluations_limit}"
                raise invalid_argument(name, expected, getattr(self, name))
