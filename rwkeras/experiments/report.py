"""Report of an experiment: figures, tables and verdicts on claims."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from rwkeras.experiments.statistics import Interval

SUPPORTED, REFUTED, UNDECIDED = "supported", "refuted", "undecided"

Row = Mapping[str, Any]


class Claim(NamedTuple):
    """A sentence of a paper, and what was found.

    Attributes:
        text: The claim.
        source: Where it stands.
        verdict: `SUPPORTED`, `REFUTED` or `UNDECIDED`.
        evidence: The numbers, with a confidence interval where they are of samples.
        figure: The name of the figure that shows it.
    """

    text: str
    source: str
    verdict: str
    evidence: str
    figure: str


class Shown(NamedTuple):
    """A figure of a report.

    Attributes:
        name: Of its files.
        caption: What is to be seen.
        figure: The figure.
    """

    name: str
    caption: str
    figure: Figure


class Report(NamedTuple):
    """Report of an experiment.

    Attributes:
        title: One line.
        text: What was done, in a paragraph.
        figures: The figures.
        tables: Rows by the table's name; all rows of one have the same columns.
        claims: The papers' claims that it tests.
        notes: What a reader has to know besides, such as what could not be run.
    """

    title: str
    text: str
    figures: Sequence[Shown]
    tables: Mapping[str, Sequence[Row]]
    claims: Sequence[Claim] = ()
    notes: Sequence[str] = ()


def below(interval: Interval, bound: float = 0.0) -> str:
    """Returns the verdict on the claim that a number is below a bound."""
    if interval.low == interval.high:
        return UNDECIDED  # One sample has no spread to judge by.
    if interval.high < bound:
        return SUPPORTED
    return REFUTED if interval.low > bound else UNDECIDED


def above(interval: Interval, bound: float = 0.0) -> str:
    """Returns the verdict on the claim that a number is above a bound."""
    return below(Interval(-interval.estimate, -interval.high, -interval.low), -bound)


def within(interval: Interval, bound: float) -> str:
    """Returns the verdict on the claim that a number lies between -bound and bound."""
    if interval.low == interval.high:
        return UNDECIDED
    if -bound < interval.low and interval.high < bound:
        return SUPPORTED
    return REFUTED if interval.low > bound or interval.high < -bound else UNDECIDED
