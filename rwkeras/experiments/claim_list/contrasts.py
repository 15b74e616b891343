"""Contrasts and claims in the forms that the list of claims uses."""

from collections.abc import Iterator, Mapping
from typing import Any

from rwkeras.experiments.claims import Claim, Contrast, Margin

HE_2016 = "He et al. (2016), section 4"
SHU_2017 = "Shu et al. (2017), abstract"
READER_QUESTION = "a reader's question"


def claims(
    experiment: str, source: str, *rows: tuple[str, str, Contrast, Margin]
) -> Iterator[Claim]:
    """Yields the claims of an experiment.

    Args:
        experiment: Name of the experiment.
        source: Where the paper states them.
        *rows: Name, sentence, contrast and margin of each.
    """
    for name, sentence, contrast, margin in rows:
        yield Claim(experiment, name, sentence, source, contrast, margin)


def between(
    measure: str, a: Any, b: Any, kind: str = "log_ratio", for_each: str = "", **where: Any
) -> Contrast:
    """Returns the contrast of a measure between two networks, or other selections of rows."""
    a, b = (side if isinstance(side, Mapping) else {"network": side} for side in (a, b))
    where = {"measure": measure, "iteration": None, **where}
    where = {name: value for name, value in where.items() if name not in a}
    return Contrast(kind, a, b, where, for_each)


def between_measures(a: str, b: str, kind: str, for_each: str = "", **where: Any) -> Contrast:
    """Returns the contrast of two measures of the same results."""
    return Contrast(kind, {"measure": a}, {"measure": b}, where, for_each)


def value_of_each_layer(measure: str, **where: Any) -> Contrast:
    """Returns the contrast of a measure's own value, claimed for each layer."""
    return Contrast("value", {"measure": measure}, {}, {"iteration": None, **where}, "layer")
