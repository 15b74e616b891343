"""Variations: several results with consecutive seeds."""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from rwkeras.commands.flags import FLAGS
from rwkeras.networks.loading import accepts_argument
from rwkeras.validation import check_number, invalid_argument

_Item = TypeVar("_Item")


class Variation(NamedTuple):
    """One of several results.

    Attributes:
        seed: Value of `--seed`.
        output: Path of the picture.
        name: Label such as "seed 3"; empty for a single result.
    """

    seed: int
    output: Path
    name: str

    def folder(self, parent: str | None) -> str | None:
        """Returns its subfolder of a flag's folder; a single result has the folder itself."""
        return f"{parent}/{self.name.replace(' ', '_')}" if parent and self.name else parent


def variations(output: Path, *, noise: bool) -> list[Variation]:
    """Returns the variations that `--variations` selects.

    Args:
        output: The value of `--output`.
        noise: Whether the task starts from noise, which depends on the seed.

    Raises:
        ValueError: The number is invalid, or nothing depends on the seed.
    """
    count, first = FLAGS.variations, FLAGS.seed
    check_number("variations", count, integer=True, minimum=1)
    if count == 1:
        return [Variation(first, output, "")]
    drawn = accepts_argument(FLAGS.network, "seed") and FLAGS.weights is None
    if not drawn and not noise:
        expected = (
            "1, as the result does not depend on the seed: weights and initial image are given"
        )
        raise invalid_argument("variations", expected, count)
    return [
        Variation(
            seed, output.with_name(f"{output.stem}_seed{seed}{output.suffix}"), f"seed {seed}"
        )
        for seed in range(first, first + count)
    ]


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Sets `--seed` within the block."""
    flag = FLAGS["seed"]
    before, flag.value = flag.value, seed
    try:
        yield
    finally:
        flag.value = before


def in_rows(items: list[_Item]) -> list[list[_Item]]:
    """Arranges items in a nearly square grid of rows; the last row may be shorter."""
    columns = max(1, math.ceil(math.sqrt(len(items))))
    return [items[start : start + columns] for start in range(0, len(items), columns)]
