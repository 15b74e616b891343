"""Settings of training by rotation prediction."""

from dataclasses import dataclass

from rwkeras.networks.vgg_architecture import VGG19, narrowed
from rwkeras.settings import Settings, setting
from rwkeras.validation import invalid_argument


@dataclass(frozen=True)
class RotationSettings(Settings):
    """Settings of training by rotation prediction."""

    width: float = setting(
        0.25, "The share of VGG-19's filters; see `narrow_vgg19`.", exclusive=True
    )
    crop_size: int = setting(
        48, "Side of the crops as the network sees them, in pixels, at least 32.", minimum=32
    )
    zoom: float = setting(
        1.5,
        "Crops are taken from squares of 1 to so many times that side, at random.",
        minimum=1,
    )
    photo_size: int = setting(
        300,
        "Length of the longer side that photographs are resampled to; 0: original size.",
    )
    held_out: float = setting(
        0.25,
        "The share of each photograph that is not trained on: an upright strip in its middle.",
        exclusive=True,
    )
    held_out_crops: int = setting(
        256, "How many crops of the strips the accuracy is measured on.", minimum=1
    )
    batch_size: int = setting(16, "Crops a step; each is shown in all four rotations.", minimum=1)
    steps: int = setting(1200, "How many steps are made.", minimum=1)
    learning_rate: float = setting(
        0.03,
        "At its highest: it rises for a tenth of the steps, then falls to zero along a cosine.",
        exclusive=True,
    )
    report_every: int = setting(
        100, "After how many steps the accuracy is measured and a callback called.", minimum=1
    )
    seed: int = setting(0, "Seed of the weights and the crops.", minimum=None)

    def __post_init__(self):
        super().__post_init__()
        narrowed(VGG19, self.width)  # Raises if the width is invalid.
        if self.held_out >= 1:
            raise invalid_argument("held_out", "a number in (0, 1)", self.held_out)
