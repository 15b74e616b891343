import io

import numpy as np
import pytest

from rwkeras.experiments.figures import arrival_curves, bars, boxes, lines, picture_grid, pictures
from rwkeras.experiments.statistics import t_interval
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.sweeps.jobs import JobResult
from tests.conftest import waves

VALUES = {"a": {"p": [1.0, 2.0, 4.0], "q": [5.0, 7.0, 9.0]}, "b": {"p": [3.0, 3.0, 6.0]}}


def table(**more):
    return frame(
        row(Sample(draw, network, 0, "photo", layer), "m", value, **more)
        for network, layers in VALUES.items()
        for layer, draws in layers.items()
        for draw, value in enumerate(draws)
    )


def drawn(figure):
    """Draws a figure and returns its PNG bytes."""
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


def results():
    return {
        Sample(draw, network, 0, f"photo{draw}", layer): JobResult(
            {"m": draw + 0.5}, {"picture": np.full((8, 8, 3), 0.1 * len(layer))}
        )
        for draw in (0, 1)
        for network, layer in (("a", "p"), ("a", "qq"), ("b", "qq"))
    }


def test_pictures_are_of_the_first_draw():
    shown = pictures(results(), "m", waves(8, 8))
    assert shown.caption == "photo0; the number below each image is its m."
    axes = np.reshape(shown.figure.axes, (2, 3))
    assert [axis.get_title() for axis in axes[0]] == ["", "p", "qq"]
    assert [axis.get_xlabel() for axis in axes[0]] == ["source", "0.5", "0.5"]
    assert [len(axis.get_images()) for axis in axes[1]] == [1, 0, 1]
    side_by_side = pictures(results(), "m", columns="network")
    assert [axis.get_title() for axis in side_by_side.figure.axes] == ["a", "b"]


def test_lines_have_t_intervals_over_draws():
    shown = lines(table(), "m", log=True)
    (axis,) = shown.figure.axes
    np.testing.assert_allclose(axis.lines[0].get_ydata(), [7 / 3, 7])
    np.testing.assert_array_equal(axis.lines[1].get_xdata(), [0])
    band = axis.collections[0].get_paths()[0].vertices[:, 1]
    found = [t_interval(draws) for draws in VALUES["a"].values()]
    assert band.min() == pytest.approx(min(each.low for each in found))
    assert band.max() == pytest.approx(max(each.high for each in found))
    assert [label.get_text() for label in axis.get_xticklabels()] == ["p", "q"]
    assert (axis.get_yscale(), axis.get_ylabel(), shown.name) == ("log", "m", "m")
    assert drawn(shown.figure)


def test_lines_over_iterations_leave_out_the_end():
    given = [*table(iteration=10).to_dict("records"), *table().to_dict("records")]
    (axis,) = lines(frame(given), "m", x="iteration", series="layer").figure.axes
    np.testing.assert_array_equal(axis.lines[0].get_xdata(), [10])
    # The mean over both networks in each draw.
    assert axis.lines[0].get_ydata()[0] == pytest.approx(np.mean([2, 2.5, 5]))


def test_boxes_have_each_series_of_each_group():
    again = [row(Sample(0, n, 1, "photo", "p"), "m", 2.0) for n in ("a", "b")]
    shown = boxes(frame([*table().to_dict("records"), *again]), "m")
    (axis,) = shown.figure.axes
    assert [label.get_text() for label in axis.get_legend().get_texts()] == ["a", "b"]
    assert shown.caption.startswith("photo: ")
    assert drawn(shown.figure)


def test_bars_are_means_over_draws():
    (axis,) = bars(table(), "m").figure.axes
    widths = {
        t.get_text(): b.get_width()
        for t, b in zip(axis.get_yticklabels(), axis.patches, strict=True)
    }
    assert widths == pytest.approx({"a": np.mean([3, 4.5, 6.5]), "b": 4})
    assert drawn(axis.figure)


def test_arrivals_do_not_count_what_never_arrived():
    given = table().assign(censored=lambda t: t["network"] == "b")
    shown = arrival_curves(given, "m", name="arrivals")
    first, second = shown.figure.axes[0].lines
    assert first.get_ydata()[-1] == 1
    assert second.get_ydata()[-1] == 0
    assert drawn(shown.figure)
