"""The defaults of training, stated once."""

from dataclasses import dataclass

from rwkeras.networks.vgg import VGG19, narrowed
from rwkeras.validation import check_number, checked_seed, invalid_argument, plain_numbers


@dataclass(frozen=True)
class RotationSettings:
    """Settings of training by rotation prediction.

    Attributes:
        width: The share of VGG-19's filters; see `narrow_vgg19`.
        crop_size: Side of the crops as the network sees them, in pixels, at least 32.
        zoom: Crops are taken from squares of 1 to so many times that side, at random.
        photo_size: Length of the longer side that photographs are resampled to; 0: as they are.
        held_out: The share of each photograph that is not trained on: an upright strip in its
            middle.
        held_out_crops: How many crops of the strips the accuracy is measured on.
        batch_size: Crops a step; each is shown in all four rotations.
        steps: How many steps are made.
        learning_rate: At its highest: it rises for a tenth of the steps, then falls to zero along
            a cosine.
        report_every: After how many steps the accuracy is measured and a callback called.
        seed: Of the weights and the crops.
    """

    width: float = 0.25
    crop_size: int = 48
    zoom: float = 1.5
    photo_size: int = 300
    held_out: float = 0.25
    held_out_crops: int = 256
    batch_size: int = 16
    steps: int = 1200
    learning_rate: float = 0.03
    report_every: int = 100
    seed: int = 0

    def __post_init__(self):
        plain_numbers(self)
        narrowed(VGG19, self.width)  # Which refuses a width that cannot be.
        check_number("crop_size", self.crop_size, integer=True, minimum=32)
        check_number("zoom", self.zoom, minimum=1)
        check_number("photo_size", self.photo_size, integer=True)
        check_number("held_out", self.held_out, exclusive=True)
        if self.held_out >= 1:
            raise invalid_argument("held_out", "a number in (0, 1)", self.held_out)
        for name in ("held_out_crops", "batch_size", "steps", "report_every"):
            check_number(name, getattr(self, name), integer=True, minimum=1)
        check_number("learning_rate", self.learning_rate, exclusive=True)
        object.__setattr__(self, "seed", checked_seed(self.seed))
