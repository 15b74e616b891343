"""Figures of the experiments, drawn from tidy tables and pictures."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rwkeras.experiments.statistics import kaplan_meier, t_interval
from rwkeras.experiments.table import Sample, select_rows
from rwkeras.sweeps.jobs import JobResult

# A label and a picture, float RGB in [0, 1], [height, width, 3]; None leaves the cell empty.
Cell = tuple[str, np.ndarray] | None

# Sizes of a picture in a grid and of a plot, in inches.
_CELL, _PLOT = 1.3, (6.4, 4.0)
_MEANS = "Means over draws, with 95 % t intervals."


class ReportFigure(NamedTuple):
    """A figure of a report.

    Attributes:
        name: The name of its files, without extension.
        caption: The caption.
        figure: The figure.
    """

    name: str
    caption: str
    figure: Figure


def picture_grid(columns: Sequence[str], rows: Mapping[str, Sequence[Cell]]) -> Figure:
    """Draws labelled pictures in a grid.

    Args:
        columns: A heading for each column.
        rows: The cells of each row, by the row's heading.
    """
    figure = Figure((_CELL * len(columns) + 0.6, (_CELL + 0.25) * len(rows) + 0.3))
    axes = figure.subplots(len(rows), len(columns), squeeze=False)
    for line, (heading, cells) in zip(axes, rows.items(), strict=True):
        for axis, cell in zip(line, [*cells, *[None] * (len(line) - len(cells))], strict=True):
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
            if cell is not None:
                label, picture = cell
                axis.imshow(np.clip(picture, 0, 1), interpolation="nearest")
                axis.set_xlabel(label, fontsize=6, labelpad=2)
        line[0].set_ylabel(heading, fontsize=7)
    for axis, heading in zip(axes[0], columns, strict=True):
        axis.set_title(heading, fontsize=7, pad=3)
    figure.tight_layout(pad=0.4)
    return figure


def pictures(
    results: Mapping[Sample, JobResult],
    value: str,
    source: np.ndarray | None = None,
    *,
    name: str = "pictures",
    picture: str = "picture",
    columns: str = "layer",
) -> ReportFigure:
    """Draws pictures of the first draw: a row for each condition, a column for each layer.

    Args:
        results: The results.
        value: The name of the value below each picture.
        source: A picture at the start of each row, or None.
        name: The figure's name.
        picture: The name of the pictures in the results.
        columns: "layer", or "network" for one row with a column for each network.
    """
    first = min(sample.draw for sample in results)
    shown = {s: r for s, r in results.items() if s.draw == first and picture in r.pictures}
    headings = list(dict.fromkeys(getattr(sample, columns) for sample in shown))
    rows: dict[str, list[Cell]] = {}
    for sample, result in shown.items():
        line = rows.setdefault(sample.network if columns == "layer" else "", [None] * len(headings))
        at = headings.index(getattr(sample, columns))
        line[at] = line[at] or (f"{result.values[value]:.3g}", result.pictures[picture])
    if source is not None:
        headings = ["", *headings]
        rows = {row: [("source", source), *line] for row, line in rows.items()}
    image = next(iter(shown)).image if shown else "nothing"
    return ReportFigure(
        name, f"{image}; the number below each image is its {value}.", picture_grid(headings, rows)
    )


def lines(
    table: pd.DataFrame,
    *measures: str,
    name: str = "",
    x: str = "layer",
    series: str = "network",
    log: bool = False,
) -> ReportFigure:
    """Draws means over draws with 95 % t intervals, a line for each series.

    Args:
        table: The table.
        *measures: Names of the measures; if there are several, each is a line.
        name: The figure's name; by default that of the first measure.
        x: The column along the x axis. Values other than iterations keep the order of the table.
        series: The column whose values are lines.
        log: Whether the y axis is logarithmic.
    """
    table = select_rows(table, {"measure": measures})
    table = table[table["iteration"].notna()] if x == "iteration" else table
    series = "measure" if len(measures) > 1 else series
    figure, axis = _axes()
    words = [] if x == "iteration" else list(dict.fromkeys(table[x]))
    for label, rows in table.groupby(series, sort=False):
        values = _draw_intervals(rows, x)
        places = sorted(values.index, key=words.index if words else float)
        at = [words.index(place) for place in places] if words else places
        (line,) = axis.plot(at, [values[p].estimate for p in places], marker=".", label=label)
        band = ([values[p].low for p in places], [values[p].high for p in places])
        axis.fill_between(at, *band, color=line.get_color(), alpha=0.2, linewidth=0)
    if words:
        axis.set_xticks(range(len(words)), words, rotation=60, fontsize=7)
    y = measures[0] if len(measures) == 1 else ""
    return _labelled_figure(name or measures[0], _MEANS, figure, axis, x, y, log)


def arrival_curves(table: pd.DataFrame, measure: str, *, name: str) -> ReportFigure:
    """Draws the share of runs that have arrived by a time, as Kaplan and Meier's estimate.

    Args:
        table: The table; `censored` marks runs that ended before they arrived.
        measure: The name of a time.
        name: The figure's name.
    """
    figure, axis = _axes()
    for label, rows in select_rows(table, {"measure": measure}).groupby("network", sort=False):
        times, shares = kaplan_meier(rows["value"].tolist(), rows["censored"].tolist())
        axis.step([0, *times], [0, *shares], where="post", label=label)
    axis.set_ylim(0, 1.02)
    caption = "Kaplan-Meier estimate; runs that ended before are censored."
    return _labelled_figure(
        name, caption, figure, axis, measure, "fraction of runs that have reached the mark", False
    )


def boxes(table: pd.DataFrame, measure: str, *, name: str = "") -> ReportFigure:
    """Draws box plots of the values of the first draw by layer: extremes, quartiles and mean.

    Args:
        table: The table.
        measure: The measure.
        name: The figure's name; by default the measure's.
    """
    table = select_rows(table, {"measure": measure, "draw": 0})
    series, groups = (list(dict.fromkeys(table[column])) for column in ("network", "layer"))
    figure, axis = _axes()
    width = 0.8 / len(series)
    for n, label in enumerate(series):
        found = [
            select_rows(table, {"network": label, "layer": g})["value"].tolist() for g in groups
        ]
        drawn = axis.boxplot(
            found,
            positions=[g + (n - (len(series) - 1) / 2) * width for g in range(len(groups))],
            widths=0.8 * width,
            whis=(0, 100),
            showmeans=True,
            patch_artist=True,
            manage_ticks=False,
            # Without a coloured edge, boxes of nearly equal samples would be invisible.
            boxprops={"facecolor": (f"C{n}", 0.4), "edgecolor": f"C{n}"},
            medianprops={"color": f"C{n}"},
            meanprops={"marker": "+", "markeredgecolor": "black"},
        )
        drawn["boxes"][0].set_label(label)
    axis.set_xticks(range(len(groups)), groups, fontsize=7)
    caption = f"{table['image'].iloc[0]}: minimum, quartiles, mean and maximum over networks."
    return _labelled_figure(name or measure, caption, figure, axis, "", measure, False)


def bars(table: pd.DataFrame, measure: str, *, name: str = "") -> ReportFigure:
    """Draws bars of means over draws with their 95 % t intervals, ordered with the longest on top.

    Args:
        table: The table.
        measure: The measure.
        name: The figure's name; by default the measure's.
    """
    rows = select_rows(table, {"measure": measure})
    values = _draw_intervals(rows, "network")
    order = sorted(values.index, key=lambda label: values[label].estimate)
    figure, axis = _axes(0.6 + 0.32 * len(order))
    errors = [np.nan_to_num(values[label].high - values[label].estimate) for label in order]
    estimates = [values[label].estimate for label in order]
    axis.barh(order, estimates, xerr=errors, color="C0", alpha=0.7)
    axis.tick_params("y", labelsize=7)
    return _labelled_figure(name or measure, _MEANS, figure, axis, measure, "", False)


def _draw_intervals(rows: pd.DataFrame, column: str) -> pd.Series:
    """Returns means over draws with their t intervals, by the values of a column."""
    means = rows.groupby([column, "draw"])["value"].mean().groupby(level=0)
    return means.apply(lambda draws: t_interval(draws.to_numpy()))


def _axes(height: float = _PLOT[1]) -> tuple[Figure, Axes]:
    figure = Figure((_PLOT[0], height))
    return figure, figure.subplots()


def _labelled_figure(
    name: str, caption: str, figure: Figure, axis: Axes, x: str, y: str, log: bool
) -> ReportFigure:
    if log:
        axis.set_yscale("log")
    axis.set(xlabel=x, ylabel=y)
    axis.grid(alpha=0.3)
    if axis.get_legend_handles_labels()[0]:
        axis.legend(fontsize=6)
    figure.tight_layout()
    return ReportFigure("".join(c if c.isalnum() else "_" for c in name), caption, figure)
