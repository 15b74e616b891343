"""The defaults of decoders and of their training, stated once."""

from collections.abc import Sequence
from dataclasses import dataclass

from rwkeras.networks.initializers import INITIALIZERS
from rwkeras.validation import (
    check_choice,
    check_number,
    checked_seed,
    invalid_argument,
    plain_numbers,
    python_number,
)

UPSAMPLINGS = ("transposed", "nearest", "bilinear", "subpixel")
PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")


@dataclass(frozen=True)
class DecoderSettings:
    """The shape of a decoder.

    Attributes:
        upsampling: How its maps grow: "transposed" for a transposed convolution, "nearest" or
            "bilinear" for such an interpolation before the next convolution, or "subpixel" for a
            convolution whose maps become pixels.
        width: How many maps there are at each size, of those that the encoder has there.
        depth: How many convolutions there are at each size, or None for as many as the encoder has
            there.
        maps: How many maps there are at each size, from the deepest up, instead of `width`.
        factors: By how much maps grow each time, from the deepest up, instead of the reverse of
            the encoder's way. Their product is the encoder's.
        kernel_size: The side of the convolutions' filters, odd.
        initializer: A name of `INITIALIZERS`, from which the kernels are drawn.
        seed: Of the kernels.
    """

    upsampling: str = "subpixel"
    width: float = 1.0
    depth: int | None = 2
    maps: Sequence[int] | None = None
    factors: Sequence[int] | None = None
    kernel_size: int = 3
    initializer: str = "he"
    seed: int = 0

    def __post_init__(self):
        plain_numbers(self)
        check_choice("upsampling", self.upsampling, UPSAMPLINGS)
        check_number("width", self.width, exclusive=True)
        if self.depth is not None:
            check_number("depth", self.depth, integer=True, minimum=1)
        for name, minimum in (("maps", 1), ("factors", 2)):
            given = getattr(self, name)
            if given is not None:
                if not isinstance(given, list | tuple):
                    raise invalid_argument(name, "a list or tuple of integers, or None", given)
                object.__setattr__(self, name, tuple(map(python_number, given)))
                for value in given:
                    check_number(name, value, integer=True, minimum=minimum)
        check_number("kernel_size", self.kernel_size, integer=True, minimum=1)
        if self.kernel_size % 2 == 0:
            raise invalid_argument("kernel_size", "an odd integer", self.kernel_size)
        check_choice("initializer", self.initializer, INITIALIZERS)
        object.__setattr__(self, "seed", checked_seed(self.seed))


@dataclass(frozen=True)
class DecoderTraining:
    """Settings of a decoder's training.

    Attributes:
        photo_size: The side to which photographs are cut to squares and resampled, in pixels.
        crop_size: The side of the crops that are decoded, in pixels.
        vary_colors: Whether each crop's hue and saturation are changed at random, which makes up
            for a few photographs' lack of colours.
        held_out: The share of the photographs that is not trained on, but measured; 0 for none,
            else at least one of them.
        held_out_steps: On how many batches of their crops.
        batch_size: Crops a step.
        steps: How many steps are made.
        epoch_steps: After how many of them the held-out photographs are measured, and the state is
            saved.
        learning_rate: Of Adam, at its highest: it rises for a hundredth of the steps, then falls to
            zero along a cosine.
        patience: After how many epochs without a better measure of the held-out photographs the
            training ends, with the best weights so far; None for never.
        precision: "float32", "mixed_bfloat16", "mixed_float16", or "auto" for bfloat16 where that
            is faster. The weights are float32 in any case.
        seed: Of which photographs are held out, of their order and of the crops.
    """

    photo_size: int = 256
    crop_size: int = 64
    vary_colors: bool = True
    held_out: float = 0.1
    held_out_steps: int = 4
    batch_size: int = 16
    steps: int = 4000
    epoch_steps: int = 100
    learning_rate: float = 3e-3
    patience: int | None = None
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self):
        plain_numbers(self)
        for name in ("photo_size", "crop_size"):
            check_number(name, getattr(self, name), integer=True, minimum=2)
        if self.crop_size > self.photo_size:
            expected = f"at most `photo_size`, {self.photo_size}"
            raise invalid_argument("crop_size", expected, self.crop_size)
        check_number("held_out", self.held_out)
        if self.held_out >= 1:
            raise invalid_argument("held_out", "a number in [0, 1)", self.held_out)
        for name in ("held_out_steps", "batch_size", "steps", "epoch_steps"):
            check_number(name, getattr(self, name), integer=True, minimum=1)
        if self.steps % self.epoch_steps:
            expected = f"a multiple of `epoch_steps`, {self.epoch_steps}"
            raise invalid_argument("steps", expected, self.steps)
        check_number("learning_rate", self.learning_rate, exclusive=True)
        if self.patience is not None:
            check_number("patience", self.patience, integer=True, minimum=1)
            if self.held_out == 0:
                raise invalid_argument("patience", "None without held-out ones", self.patience)
        check_choice("precision", self.precision, PRECISIONS)
        object.__setattr__(self, "seed", checked_seed(self.seed))
