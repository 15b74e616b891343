"""Settings of decoders and of their training."""

from collections.abc import Sequence
from dataclasses import dataclass

from rwkeras.networks.initializers import INITIALIZERS
from rwkeras.settings import Settings, setting
from rwkeras.validation import invalid_argument

UPSAMPLINGS = ("transposed", "nearest", "bilinear", "subpixel")
PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")


@dataclass(frozen=True)
class DecoderSettings(Settings):
    """Settings of a decoder's architecture."""

    upsampling: str = setting(
        "subpixel",
        'How its maps grow: "transposed" for a transposed convolution, "nearest" or "bilinear" for '
        'such an interpolation before the next convolution, or "subpixel" for a convolution whose '
        "maps become pixels.",
        choices=UPSAMPLINGS,
    )
    width: float = setting(
        1.0,
        "How many maps there are at each size, of those that the encoder has there.",
        exclusive=True,
    )
    depth: int | None = setting(
        2,
        "How many convolutions there are at each size, or None for as many as the encoder has "
        "there.",
        minimum=1,
    )
    maps: Sequence[int] | None = setting(
        None,
        "How many maps there are at each size, from the deepest up, instead of `width`.",
        minimum=1,
    )
    factors: Sequence[int] | None = setting(
        None,
        "By how much maps grow each time, from the deepest up, instead of the reverse of the "
        "encoder's way. Their product is the encoder's.",
        minimum=2,
    )
    kernel_size: int = setting(3, "The side of the convolutions' filters, odd.", minimum=1)
    initializer: str = setting(
        "he", "The distribution from which the kernels are drawn.", choices=INITIALIZERS
    )
    seed: int = setting(0, "Seed of the kernels.", minimum=None)

    def __post_init__(self):
        super().__post_init__()
        if self.kernel_size % 2 == 0:
            raise invalid_argument("kernel_size", "an odd integer", self.kernel_size)


@dataclass(frozen=True)
class DecoderTraining(Settings):
    """Settings of a decoder's training."""

    photo_size: int = setting(
        256,
        "The side to which photographs are cut to squares and resampled, in pixels.",
        minimum=2,
    )
    crop_size: int = setting(64, "The side of the crops that are decoded, in pixels.", minimum=2)
    vary_colors: bool = setting(
        True,
        "Whether each crop's hue and saturation are changed at random, which makes up for a few "
        "photographs' lack of colours.",
    )
    held_out: float = setting(
        0.1,
        "The share of the photographs that is not trained on, but measured; 0 for none, else at "
        "least one of them.",
    )
    held_out_steps: int = setting(
        4, "On how many batches of the held-out photographs' crops is measured.", minimum=1
    )
    batch_size: int = setting(16, "Crops a step.", minimum=1)
    steps: int = setting(4000, "How many steps are made.", minimum=1)
    epoch_steps: int = setting(
        100,
        "After how many of them the held-out photographs are measured, and the state is saved.",
        minimum=1,
    )
    learning_rate: float = setting(
        3e-3,
        "Of Adam, at its highest: it rises for a hundredth of the steps, then falls to zero along "
        "a cosine.",
        exclusive=True,
    )
    patience: int | None = setting(
        None,
        "After how many epochs without a better measure of the held-out photographs the training "
        "ends, with the best weights so far; None for never.",
        minimum=1,
    )
    precision: str = setting(
        "auto",
        '"float32", "mixed_bfloat16", "mixed_float16", or "auto" for bfloat16 where that is '
        "faster. The weights are float32 in any case.",
        choices=PRECISIONS,
    )
    seed: int = setting(
        0,
        "Seed of which photographs are held out, of their order and of the crops.",
        minimum=None,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.crop_size > self.photo_size:
            expected = f"at most `photo_size`, {self.photo_size}"
            raise invalid_argument("crop_size", expected, self.crop_size)
        if self.held_out >= 1:
            raise invalid_argument("held_out", "a number in [0, 1)", self.held_out)
        if self.steps % self.epoch_steps:
            expected = f"a multiple of `epoch_steps`, {self.epoch_steps}"
            raise invalid_argument("steps", expected, self.steps)
        if self.patience is not None and self.held_out == 0:
            raise invalid_argument("patience", "None without held-out ones", self.patience)
