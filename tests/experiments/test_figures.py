import io

import numpy as np
import pytest

from rwkeras.experiments.figures import bar_plot, box_plot, line_plot, picture_grid
from rwkeras.experiments.statistics import Interval
from tests.conftest import waves


def drawn(figure):
    """Returns the figure's bytes: that it can be drawn at all, and is no empty sheet."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def test_picture_grid_shows_pictures_as_they_are():
    picture = waves(8, 8)
    figure = picture_grid(["a", "b"], {"first": [("x", picture), None], "second": [("y", picture)]})
    images = [axis.get_images() for axis in figure.axes]
    assert [len(found) for found in images] == [1, 0, 1, 0]
    np.testing.assert_array_equal(images[0][0].get_array(), picture)
    assert [axis.get_title() for axis in figure.axes[:2]] == ["a", "b"]
    assert [axis.get_xlabel() for axis in figure.axes] == ["x", "", "y", ""]
    assert [figure.axes[n].get_ylabel() for n in (0, 2)] == ["first", "second"]
    assert drawn(figure)


def test_picture_grid_refuses_more_pictures_than_columns():
    with pytest.raises(ValueError):
        picture_grid(["a"], {"first": [("x", waves(8, 8))] * 2})


def test_line_plot():
    values = [Interval(1.0, 0.5, 2.0), Interval(2.0, 1.5, 3.0)]
    figure = line_plot({"one": ([0, 1], values)}, x="layer", y="d", log=True, ticks=["p", "q"])
    (axis,) = figure.axes
    np.testing.assert_array_equal(axis.lines[0].get_ydata(), [1, 2])
    band = axis.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (0.5, 3.0)
    assert [label.get_text() for label in axis.get_xticklabels()] == ["p", "q"]
    assert axis.get_yscale() == "log"
    assert drawn(figure)


def test_box_plot_has_a_box_for_each_series_of_each_group():
    groups = {"conv1": {"a": [1.0, 2, 3], "b": [2.0, 3, 4]}, "conv2": {"a": [1.0, 1], "b": [5.0]}}
    figure = box_plot(groups, y="distance")
    (axis,) = figure.axes
    assert len(axis.patches) == 4
    assert [label.get_text() for label in axis.get_legend().get_texts()] == ["a", "b"]
    assert drawn(figure)


def test_bar_plot():
    figure = bar_plot({"best": Interval(3.0, 2.0, 4.0), "worst": Interval(1.0, 1.0, 1.0)}, x="dB")
    (axis,) = figure.axes
    assert [bar.get_width() for bar in axis.patches] == [3, 1]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["best", "worst"]
    assert drawn(figure)
