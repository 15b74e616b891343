"""What an experiment has found: a tidy table, and figures of it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from rwkeras.experiments.figures import Shown
from rwkeras.experiments.table import Sample, row
from rwkeras.sweeps.jobs import JobResult


class Report(NamedTuple):
    """What an experiment found.

    Attributes:
        table: What was measured; see `rwkeras.experiments.table`.
        figures: The figures.
    """

    table: pd.DataFrame
    figures: Sequence[Shown]


def measured(
    results: Mapping[Sample, JobResult], *values: str, suffix: str = ""
) -> list[dict[str, Any]]:
    """Returns rows of a table of what jobs measured in the end.

    Args:
        results: The results.
        *values: The names of their values, which the table has as measures.
        suffix: What is added to the names.
    """
    return [
        row(sample, name + suffix, result.values[name])
        for sample, result in results.items()
        for name in values
    ]


def traced(
    results: Mapping[Sample, JobResult], value: str, *, at: str = "iteration", suffix: str = ""
) -> list[dict[str, Any]]:
    """Returns rows of a table of what jobs measured on the way.

    Args:
        results: The results.
        value: The name of a value of their traces, which the table has as a measure.
        at: The value that says where on the way it was.
        suffix: What is added to the name.
    """
    return [
        row(sample, value + suffix, each[value], iteration=each[at])
        for sample, result in results.items()
        for each in result.trace
    ]
