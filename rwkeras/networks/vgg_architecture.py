"""Architectures of the VGG family as tables of stages (Simonyan and Zisserman, 2014)."""

import math
from typing import NamedTuple

from rwkeras.validation import checked_number, invalid_argument


class Architecture(NamedTuple):
    """A member of the VGG family.

    Attributes:
        name: The model's name.
        stages: (number of conv layers, number of filters) of each stage.
        top: (name, units) of each fully connected layer.
        top_size: Image height and width required by the fully connected layers.
    """

    name: str
    stages: tuple[tuple[int, int], ...]
    top: tuple[tuple[str, int], ...]
    top_size: int

    @property
    def plan(self) -> tuple[tuple[str, int | None], ...]:
        """(name, filters) of each conv layer and (name, None) of each pooling, in forward order."""
        return tuple(
            layer
            for stage, (depth, filters) in enumerate(self.stages, 1)
            for layer in (
                *((f"conv{stage}_{index}", filters) for index in range(1, depth + 1)),
                (f"pool{stage}", None),
            )
        )

    @property
    def conv_layers(self) -> tuple[str, ...]:
        """The names of the conv layers, in forward order."""
        return tuple(name for name, filters in self.plan if filters is not None)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the conv layers and of the pooling after each stage, in forward order."""
        return tuple(name for name, _ in self.plan)

    @property
    def top_layers(self) -> tuple[str, ...]:
        """The names of the fully connected layers, in forward order."""
        return tuple(name for name, _ in self.top)


VGG19 = Architecture(
    "vgg19",
    stages=((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
    top=(("fc6", 4096), ("fc7", 4096), ("fc8", 1000)),
    top_size=256,
)
TOY_VGG = Architecture(
    "toy_vgg",
    stages=((2, 8), (2, 12), (2, 16)),
    top=(("fc6", 32), ("fc7", 32), ("fc8", 10)),
    top_size=32,
)


def checked_width(width: float) -> float:
    """Returns a width multiplier; raises `ValueError` unless it is in (0, 1]."""
    share = checked_number("width", width, exclusive=True)
    if share > 1:
        raise invalid_argument("width", "a number in (0, 1]", width)
    return share


def narrowed(architecture: Architecture, width: float) -> Architecture:
    """Returns an architecture with a fraction of the filters and of the hidden units.

    Args:
        architecture: The full architecture.
        width: The fraction, in (0, 1].

    Raises:
        ValueError: `width` is not in (0, 1].
    """
    width = checked_width(width)
    *hidden, last = architecture.top
    return architecture._replace(
        name=f"narrow_{architecture.name}",
        stages=tuple((depth, math.ceil(width * filters)) for depth, filters in architecture.stages),
        top=(*((name, math.ceil(width * units)) for name, units in hidden), last),
    )
