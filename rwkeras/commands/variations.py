"""Variations: several results with consecutive seeds."""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from rwkeras.commands.flags import FLAGS
from rwkeras.networks.loading import takes
from rwkeras.validation import check_number, invalid_argument

_Item = TypeVar("_Item")


class Variation(NamedTuple):
    """One of the results.

    Attributes:
        seed: What `--seed` is for it.
        output: Where its picture goes.
        name: What sets it apart from others, "seed 3"; empty where it is the only one.
    """

    seed: int
    output: Path
    name: str

    def folder(self, parent: str | None) -> str | None:
        """Returns its own folder below one that a flag names, if any."""
        return f"{parent}/{self.name.replace(' ', '_')}" if parent and self.name else parent


def variations(output: Path, *, noise: bool) -> list[Variation]:
    """Returns the results that `--variations` asks for.

    Args:
        output: The value of `--output`.
        noise: Whether the task starts from noise, which the seed decides.

    Raises:
        ValueError: It is no number of them, or the seed decides nothing.
    """
    count, first = FLAGS.variations, FLAGS.seed
    check_number("variations", count, integer=True, minimum=1)
    if count == 1:
        return [Variation(first, output, "")]
    drawn = takes(FLAGS.network, "seed") and FLAGS.weights is None
    if not drawn and not noise:
        expected = "1 where the seed decides nothing: the weights are given, and so is the start"
        raise invalid_argument("variations", expected, count)
    return [
        Variation(
            seed, output.with_name(f"{output.stem}_seed{seed}{output.suffix}"), f"seed {seed}"
        )
        for seed in range(first, first + count)
    ]


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Makes a number the value of `--seed` for as long as the block takes."""
    flag = FLAGS["seed"]
    before, flag.value = flag.value, seed
    try:
        yield
    finally:
        flag.value = before


def in_rows(items: list[_Item]) -> list[list[_Item]]:
    """Returns items in rows of equal length but the last, not many more wide than high."""
    columns = max(1, math.ceil(math.sqrt(len(items))))
    return [items[start : start + columns] for start in range(0, len(items), columns)]
