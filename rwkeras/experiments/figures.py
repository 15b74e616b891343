"""The kinds of figures that the experiments draw."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from rwkeras.experiments.statistics import Interval

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


def line_plot(
    lines: Mapping[str, tuple[Sequence[float], Sequence[Interval]]],
    *,
    x: str,
    y: str,
    log: bool = False,
    ticks: Sequence[str] | None = None,
) -> Figure:
    """Draws lines with their intervals as bands.

    Args:
        lines: (positions, values) of each line by its label.
        x: What the positions are.
        y: What the values are.
        log: Whether the values' axis is logarithmic.
        ticks: A name for each of the positions 0, 1, 2 ...
    """
    figure = Figure(_PLOT)
    axis = figure.subplots()
    for label, (positions, values) in lines.items():
        (line,) = axis.plot(positions, [v.estimate for v in values], marker=".", label=label)
        low, high = [v.low for v in values], [v.high for v in values]
        axis.fill_between(positions, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    if ticks is not None:
        axis.set_xticks(range(len(ticks)), ticks, rotation=60, fontsize=7)
    if log:
        axis.set_yscale("log")
    axis.set(xlabel=x, ylabel=y)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=7)
    figure.tight_layout()
    return figure


def box_plot(
    groups: Mapping[str, Mapping[str, Sequence[float]]], *, y: str, log: bool = False
) -> Figure:
    """Draws boxes: minimum, quartiles, mean and maximum of samples.

    Args:
        groups: Samples by series, within each group by its heading; the same series in each.
        y: What the samples are.
        log: Whether their axis is logarithmic.
    """
    series = list(dict.fromkeys(name for group in groups.values() for name in group))
    figure = Figure(_PLOT)
    axis = figure.subplots()
    width = 0.8 / len(series)
    for n, name in enumerate(series):
        at = [g + (n - (len(series) - 1) / 2) * width for g in range(len(groups))]
        boxes = axis.boxplot(
            [list(group.get(name, ())) for group in groups.values()],
            positions=at,
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
    axis.set_xticks(range(len(groups)), list(groups), fontsize=7)
    if log:
        axis.set_yscale("log")
    axis.set_ylabel(y)
    axis.grid(axis="y", alpha=0.3)
    axis.legend(fontsize=7)
    figure.tight_layout()
    return figure


def bar_plot(values: Mapping[str, Interval], *, x: str) -> Figure:
    """Draws a league table: bars with their intervals, the first on top.

    Args:
        values: The length of each bar by its label.
        x: What the lengths are.
    """
    figure = Figure((_PLOT[0], 0.6 + 0.32 * len(values)))
    axis = figure.subplots()
    estimates = [value.estimate for value in values.values()]
    errors = [
        [value.estimate - value.low for value in values.values()],
        [value.high - value.estimate for value in values.values()],
    ]
    axis.barh(range(len(values)), estimates, xerr=errors, color="C0", alpha=0.7)
    axis.set_yticks(range(len(values)), list(values), fontsize=7)
    axis.invert_yaxis()
    axis.set_xlabel(x)
    axis.grid(axis="x", alpha=0.3)
    figure.tight_layout()
    return figure
