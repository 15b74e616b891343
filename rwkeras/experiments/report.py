"""Reports of experiments: a tidy table and figures."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from rwkeras.experiments.figures import ReportFigure
from rwkeras.experiments.table import Sample, row
from rwkeras.sweeps.jobs import JobResult


class Report(NamedTuple):
    """Report of an experiment.

    Attributes:
        table: The measurements; see `rwkeras.experiments.table`.
        figures: The figures.
    """

    table: pd.DataFrame
    figures: Sequence[ReportFigure]


def value_rows(
    results: Mapping[Sample, JobResult], *values: str, suffix: str = ""
) -> list[dict[str, Any]]:
    """Returns table rows of the final values of jobs.

    Args:
        results: The results.
        *values: Names of values, which become the measures.
        suffix: Appended to the names.
    """
    return [
        row(sample, name + suffix, result.values[name])
        for sample, result in results.items()
        for name in values
    ]


def trace_rows(
    results: Mapping[Sample, JobResult], value: str, *, at: str = "iteration", suffix: str = ""
) -> list[dict[str, Any]]:
    """Returns table rows of the traces of jobs.

    Args:
        results: The results.
        value: The name of a value of the traces, which becomes the measure.
        at: The name of the trace's column that becomes `iteration`.
        suffix: Appended to the measure's name.
    """
    return [
        row(sample, value + suffix, each[value], iteration=each[at])
        for sample, result in results.items()
        for each in result.trace
    ]
