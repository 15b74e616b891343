"""Limits on the work of a served model."""

from dataclasses import dataclass

from rwkeras.settings import Settings, setting
from rwkeras.validation import invalid_argument


@dataclass(frozen=True)
class ServingSettings(Settings):
    """Limits on the work caused by one image of a request."""

    max_iterations: int = setting(
        100,
        "Default maximum number of iterations of a request; with coarse-to-fine synthesis, at the "
        "first size.",
    )
    max_evaluations: int = setting(
        0,
        "Default maximum number of gradient evaluations of a request, over all sizes; 0 for 5/4 "
        "of the iterations plus one at each size, which is seldom exceeded.",
    )
    evaluations_limit: int = setting(
        1000, "Maximum number of iterations or evaluations that a request may set.", minimum=1
    )
    max_side: int = setting(
        1024, "Longer side in pixels to which larger images are scaled down.", minimum=1
    )
    max_pixels: int = setting(
        50_000_000,
        "Maximum number of pixels, as stated in its header, of an image that is decoded.",
        minimum=1,
    )

    def __post_init__(self):
        super().__post_init__()
        for name in ("max_iterations", "max_evaluations"):
            if getattr(self, name) > self.evaluations_limit:
                expected = f"at most `evaluations_limit`, {self.evaluations_limit}"
                raise invalid_argument(name, expected, getattr(self, name))
