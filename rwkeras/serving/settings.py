"""Limits on the work of a served model."""

from dataclasses import dataclass

from rwkeras.settings import Settings, setting
from rwkeras.validation import invalid_argument


@dataclass(frozen=True)
class ServingSettings(Settings):
    """Limits on the work caused by one image of a request."""

    max_iterations: int = setting(
        100,
        "Iterations of the optimisation, if a request does not say how many; of what is made from "
        "coarse to fine, those of the first size.",
    )
    max_evaluations: int = setting(
        0,
        "Evaluations of the gradient at most, of all sizes together, if a request does not say how "
        "many; 0 for a quarter more than the iterations, and one, at each size, which they seldom "
        "exceed.",
    )
    evaluations_limit: int = setting(
        1000, "How many iterations or evaluations a request may ask for.", minimum=1
    )
    max_side: int = setting(
        1024, "The longer side, in pixels, to which larger images are scaled down.", minimum=1
    )
    max_pixels: int = setting(
        50_000_000,
        "How many pixels an image may say that it has and still be decoded.",
        minimum=1,
    )

    def __post_init__(self):
        super().__post_init__()
        for name in ("max_iterations", "max_evaluations"):
            if getattr(self, name) > self.evaluations_limit:
                expected = f"at most `evaluations_limit`, {self.evaluations_limit}"
                raise invalid_argument(name, expected, getattr(self, name))
