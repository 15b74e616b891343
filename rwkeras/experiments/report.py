"""What an experiment has found: a tidy table, and figures of it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from rwkeras.experiments.table import Sample, row
from rwkeras.sweeps.jobs import JobResult


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
        table: What was measured; see `rwkeras.experiments.table`.
        figures: The figures.
    """

    title: str
    text: str
    table: pd.DataFrame
    figures: Sequence[Shown]


def measured(
    results: Mapping[Sample, JobResult], measures: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Returns rows of a table of what jobs measured in the end.

    Args:
        results: The results.
        measures: What their values are called in the table, by name.
    """
    return [
        row(sample, measure, result.values[name])
        for sample, result in results.items()
        for name, measure in measures.items()
    ]


def traced(
    results: Mapping[Sample, JobResult], measures: Mapping[str, str], *, at: str = "iteration"
) -> list[dict[str, Any]]:
    """Returns rows of a table of what jobs measured on the way.

    Args:
        results: The results.
        measures: What their values are called in the table, by name.
        at: The value that says where on the way it was.
    """
    return [
        row(sample, measure, each[name], iteration=each[at])
        for sample, result in results.items()
        for each in result.trace
        for name, measure in measures.items()
    ]
