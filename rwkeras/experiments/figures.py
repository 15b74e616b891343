"""The kinds of figures that the experiments draw of tidy tables and of pictures."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rwkeras.experiments.statistics import Interval, kaplan_meier, t_interval
from rwkeras.experiments.table import Sample, chosen
from rwkeras.sweeps.jobs import JobResult

# A label and a picture, float RGB in [0, 1], [height, width, 3]; or an empty place.
Cell = tuple[str, np.ndarray] | None

# Of a picture in a grid and of a plot, in inches.
_CELL, _PLOT = 1.3, (6.4, 4.0)


def picture_grid(columns: Sequence[str], rows: Mapping[str, Sequence[Cell]]) -> Figure:
    """Draws labelled pictures in rows.

    Args:
        columns: A heading for each column.
        rows: For each row, by its heading, (label, picture) or None for each column. Pictures are
            float RGB in [0, 1], [height, width, 3].
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


def result_grid(
    results: Mapping[Sample, JobResult],
    value: str,
    *,
    source: np.ndarray | None = None,
    picture: str = "picture",
) -> Figure:
    """Draws pictures of the first draw: a row for each condition, a column for each layer.

    Args:
        results: The results.
        value: The value below each picture.
        source: What is shown first in each row, or None.
        picture: The picture's name.
    """
    first = min(sample.draw for sample in results)
    shown = {s: r for s, r in results.items() if s.draw == first and picture in r.pictures}
    layers = list(dict.fromkeys(sample.layer for sample in shown))
    rows: dict[str, list[Cell]] = {}
    for sample, result in shown.items():
        line = rows.setdefault(sample.network, [None] * len(layers))
        if line[layers.index(sample.layer)] is None:
            label = f"{result.values[value]:.3g}"
            line[layers.index(sample.layer)] = label, result.pictures[picture]
    if source is None:
        return picture_grid(layers, rows)
    return picture_grid(
        ["", *layers], {name: [("source", source), *line] for name, line in rows.items()}
    )


def line_plot(
    table: pd.DataFrame, *, x: str, y: str, log: bool = False, series: str = "network"
) -> Figure:
    """Draws means over draws with 95 % t intervals, a line for each series.

    Args:
        table: Rows of one measure.
        x: The column along which lines go; of words, in the order of their appearance.
        y: What the values are.
        log: Whether the values' axis is logarithmic.
        series: The column that tells lines apart.
    """
    figure = Figure(_PLOT)
    axis = figure.subplots()
    words = list(dict.fromkeys(table[x])) if table[x].dtype.kind not in "if" else []
    for name, rows in table.groupby(series, sort=False):
        means = rows.groupby([x, "draw"], sort=not words)["value"].mean()
        places = list(dict.fromkeys(means.index.get_level_values(0)))
        values = [t_interval(means[place].to_numpy()) for place in places]
        at = [words.index(place) for place in places] if words else places
        (line,) = axis.plot(at, [v.estimate for v in values], marker=".", label=name)
        low, high = [v.low for v in values], [v.high for v in values]
        axis.fill_between(at, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    if words:
        axis.set_xticks(range(len(words)), words, rotation=60, fontsize=7)
    return _labelled(figure, axis, x, y, log)


def arrival_plot(table: pd.DataFrame, *, x: str, series: str = "network") -> Figure:
    """Draws the shares of runs that have arrived by a time, those never seen to arrive censored.

    Args:
        table: Rows of one measure, a time.
        x: What the times are.
        series: The column that tells lines apart.
    """
    figure = Figure(_PLOT)
    axis = figure.subplots()
    for name, rows in table.groupby(series, sort=False):
        times, shares = kaplan_meier(rows["value"].tolist(), rows["censored"].tolist())
        axis.step([0, *times], [0, *shares], where="post", label=name)
    axis.set_ylim(0, 1.02)
    return _labelled(figure, axis, x, "share that has arrived (Kaplan and Meier)", False)


def box_plot(table: pd.DataFrame, *, y: str, group: str = "layer") -> Figure:
    """Draws boxes of all values: minimum, quartiles, mean and maximum, by series and group.

    Args:
        table: Rows of one measure.
        y: What the values are.
        group: The column of the groups; networks are the series in each.
    """
    series, groups = (list(dict.fromkeys(table[name])) for name in ("network", group))
    figure = Figure(_PLOT)
    axis = figure.subplots()
    width = 0.8 / len(series)
    for n, name in enumerate(series):
        found = [chosen(table, {"network": name, group: each})["value"].tolist() for each in groups]
        boxes = axis.boxplot(
            found,
            positions=[g + (n - (len(series) - 1) / 2) * width for g in range(len(groups))],
            widths=0.8 * width,
            whis=(0, 100),
            showmeans=True,
            patch_artist=True,
            manage_ticks=False,
            # A box of samples that hardly vary is all edge.
            boxprops={"facecolor": (f"C{n}", 0.4), "edgecolor": f"C{n}"},
            medianprops={"color": f"C{n}"},
            meanprops={"marker": "+", "markeredgecolor": "black"},
        )
        boxes["boxes"][0].set_label(name)
    axis.set_xticks(range(len(groups)), groups, fontsize=7)
    return _labelled(figure, axis, "", y, False)


def bar_plot(table: pd.DataFrame, *, x: str, by: str = "network") -> Figure:
    """Draws a league table: bars of means over draws with their 95 % t intervals, the best on top.

    Args:
        table: Rows of one measure.
        x: What the values are.
        by: The column that tells bars apart.
    """
    means = table.groupby([by, "draw"], sort=False)["value"].mean()
    values: dict[str, Interval] = {
        name: t_interval(means[name].to_numpy()) for name in dict.fromkeys(table[by])
    }
    order = sorted(values, key=lambda name: -values[name].estimate)
    figure = Figure((_PLOT[0], 0.6 + 0.32 * len(order)))
    axis = figure.subplots()
    estimates = [values[name].estimate for name in order]
    errors = [0.0 if np.isnan(v.high) else v.high - v.estimate for v in map(values.get, order)]
    axis.barh(range(len(order)), estimates, xerr=errors, color="C0", alpha=0.7)
    axis.set_yticks(range(len(order)), order, fontsize=7)
    axis.invert_yaxis()
    axis.set_xlabel(x)
    axis.grid(axis="x", alpha=0.3)
    figure.tight_layout()
    return figure


def _labelled(figure: Figure, axis: Axes, x: str, y: str, log: bool) -> Figure:
    if log:
        axis.set_yscale("log")
    axis.set(xlabel=x, ylabel=y)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=6)
    figure.tight_layout()
    return figure
