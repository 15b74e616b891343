"""Settings of training by rotation prediction."""

from dataclasses import dataclass

from rwkeras.networks.vgg_architecture import VGG19, narrowed
from rwkeras.settings import Settings, setting
from rwkeras.validation import invalid_argument


@dataclass(frozen=True)
class RotationSettings(Settings):
    """Settings of training by rotation prediction."""

    width: float = setting(
        0.25, "Ratio of the numbers of filters to VGG-19's; see `narrow_vgg19`.", exclusive=True
    )
    crop_size: int = setting(
        48, "Side of the network's input crops in pixels, at least 32.", minimum=32
    )
    zoom: float = setting(
        1.5,
        "Maximum zoom: crops are taken from squares of 1 to this many times `crop_size`, at "
        "random.",
        minimum=1,
    )
    photo_size: int = setting(
        300,
        "Length of the longer side that photographs are resampled to, in pixels; 0: original size.",
    )
    held_out: float = setting(
        0.25,
        "Fraction of each photograph held out for validation: a vertical strip in its middle.",
        exclusive=True,
    )
    held_out_crops: int = setting(
        256, "Number of held-out crops on which the accuracy is measured.", minimum=1
    )
    batch_size: int = setting(16, "Crops per step; each is used in all four rotations.", minimum=1)
    steps: int = setting(1200, "Number of training steps.", minimum=1)
    learning_rate: float = setting(
        0.03,
        "Peak learning rate: linear warm-up over a tenth of the steps, then cosine decay to zero.",
        exclusive=True,
    )
    report_every: int = setting(
        100, "Number of steps between measurements of the accuracy, and callbacks.", minimum=1
    )
    seed: int = setting(0, "Seed of the weights and the crops.", minimum=None)

    def __post_init__(self):
        super().__post_init__()
        narrowed(VGG19, self.width)  # Raises if the width is invalid.
        if self.held_out >= 1:
            raise invalid_argument("held_out", "a number in (0, 1)", self.held_out)
