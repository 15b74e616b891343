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
        'Upsampling method: "transposed" for a transposed convolution, "nearest" or "bilinear" '
        'for interpolation before the next convolution, or "subpixel" for a sub-pixel convolution.',
        choices=UPSAMPLINGS,
    )
    width: float = setting(
        1.0,
        "Ratio of the number of maps at each resolution to the encoder's.",
        exclusive=True,
    )
    depth: int | None = setting(
        2,
        "Number of convolutions at each resolution; None for the encoder's.",
        minimum=1,
    )
    maps: Sequence[int] | None = setting(
        None,
        "Number of maps at each resolution, from the deepest up, instead of `width`.",
        minimum=1,
    )
    factors: Sequence[int] | None = setting(
        None,
        "Upsampling factors, from the deepest layer up; None for the encoder's in reverse. Their "
        "product must be the encoder's stride.",
        minimum=2,
    )
    kernel_size: int = setting(3, "Side of the convolutions' filters, odd.", minimum=1)
    initializer: str = setting("he", "Distribution of the random kernels.", choices=INITIALIZERS)
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
        "Side in pixels of the squares to which photographs are cropped and resampled.",
        minimum=2,
    )
    crop_size: int = setting(64, "Side of the training crops, in pixels.", minimum=2)
    vary_colors: bool = setting(
        True,
        "Whether the hue and saturation of each crop are augmented at random, which makes up for "
        "the limited colours of few photographs.",
    )
    held_out: float = setting(
        0.1,
        "Fraction of the photographs held out for validation; 0 for none, otherwise at least one.",
    )
    held_out_steps: int = setting(
        4, "Number of batches of held-out crops per validation.", minimum=1
    )
    batch_size: int = setting(16, "Crops per step.", minimum=1)
    steps: int = setting(4000, "Number of training steps.", minimum=1)
    epoch_steps: int = setting(
        100,
        "Number of steps between validations, after each of which the state is saved.",
        minimum=1,
    )
    learning_rate: float = setting(
        3e-3,
        "Peak learning rate of Adam: warm-up over a hundredth of the steps, then cosine decay to "
        "zero.",
        exclusive=True,
    )
    patience: int | None = setting(
        None,
        "Early-stopping patience in epochs without a better validation loss, after which the best "
        "weights are restored; None for no early stopping.",
        minimum=1,
    )
    precision: str = setting(
        "auto",
        '"float32", "mixed_bfloat16", "mixed_float16", or "auto" for bfloat16 where that is '
        "faster. The weights are always float32.",
        choices=PRECISIONS,
    )
    seed: int = setting(
        0,
        "Seed of the held-out selection, the order of the photographs and the crops.",
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
            raise invalid_argument("patience", "None without held-out photographs", self.patience)
