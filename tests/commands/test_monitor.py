import os
import signal
import sys

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.commands.monitor import Monitor, report_interval
from rwkeras.commands.pictures import Pictures
from rwkeras.images.filmstrip import Filmstrip
from rwkeras.optimizers.settings import Progress
from tests.conftest import waves


def progress(iteration, image=None, total=100):
    images = tf.constant((waves(6, 5) if image is None else image)[np.newaxis])
    loss = np.ones(1, np.float32)
    return Progress(iteration, total, iteration + 1, loss, {"content/a": loss}, images)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("iterations", "expected"),
    [
        ([0, 2, 4, 6], [4]),
        ([0, 4, 8, 8, 12], [4, 8, 12]),
        # From coarse to fine, a size begins at any iteration, where the one before has ended.
        ([0, 5, 7, 7, 9], [5, 9]),
        # A run goes on from a checkpoint.
        ([6, 8], [8]),
        ([8, 12], [8, 12]),
    ],
)
def test_previews(tmp_path, iterations, expected):
    with Monitor(tmp_path / "out.png", 100, 4, None) as monitor:
        for iteration in iterations:
            assert not monitor(progress(iteration))
    assert names(tmp_path) == [f"out-{n:05d}.png" for n in expected]


def test_no_previews(tmp_path):
    with Monitor(tmp_path / "out.png", 100, 0, None) as monitor:
        monitor(progress(50))
    assert names(tmp_path) == []


def test_the_total_is_what_the_run_says(tmp_path, capsys):
    with Monitor(tmp_path / "out.png", 100, 0, None) as monitor:
        monitor(progress(30, total=140))
    assert "30/140" in capsys.readouterr().err


def test_what_is_shown_is_finished(tmp_path):
    dark, strip = Pictures(finish=lambda image: image / 2), Filmstrip()
    image = np.full((6, 5, 3), 1.5, np.float32)  # It is clipped first.
    with Monitor(tmp_path / "out.png", 100, 1, str(tmp_path / "logs"), dark, strip) as monitor:
        monitor(progress(1, image))
    np.testing.assert_array_equal(
        rwkeras.read_image(tmp_path / "out-00001.png"), np.float32(128 / 255)
    )
    assert np.all(strip.frames(dark.postprocess(image))[0][1] == 128)
    (events,) = (tmp_path / "logs").iterdir()
    logged = [
        value
        for event in tf.compat.v1.train.summary_iterator(str(events))
        for value in event.summary.value
    ]
    assert [value.tag for value in logged] == ["loss", "losses/content/a", "image"]
    png = tf.make_ndarray(logged[-1].tensor)[2]
    assert np.abs(tf.io.decode_png(png).numpy().astype(int) - 128).max() <= 1


@pytest.mark.parametrize(("save_every", "expected"), [(0, 5), (1, 1), (6, 3), (7, 1), (50, 5)])
def test_report_interval(save_every, expected):
    assert report_interval(save_every) == expected


@pytest.fixture
def default_sighup():
    """Has SIGHUP end the process, as when no one ignores it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_run(tmp_path, capsys, default_sighup, number):
    before = signal.getsignal(number)
    with Monitor(tmp_path / "out.png", 100, 0, None) as monitor:
        assert not monitor(progress(0))
        os.kill(os.getpid(), number)
        assert monitor(progress(5))
        assert monitor.interrupted == number
        # A terminal that is closed may say so twice.
        os.kill(os.getpid(), signal.SIGHUP)
    assert "stopping; interrupt again to quit without a result" in capsys.readouterr().err
    assert signal.getsignal(number) == before


def test_ignored_sighup_stays_ignored(tmp_path, default_sighup):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Monitor(tmp_path / "out.png", 100, 0, None) as monitor:
        os.kill(os.getpid(), signal.SIGHUP)
        assert not monitor(progress(5))
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


class ClosedPipe:
    """A stream whose reader has gone."""

    encoding = "utf-8"

    def write(self, text):
        raise BrokenPipeError

    def flush(self):
        raise BrokenPipeError


@pytest.mark.parametrize("stream", [ClosedPipe(), None])
def test_progress_bar_without_stderr(tmp_path, monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    with Monitor(tmp_path / "out.png", 100, 0, None) as monitor:
        assert not monitor(progress(50))
        os.kill(os.getpid(), signal.SIGTERM)
        assert monitor(progress(100))


def test_a_preview_that_cannot_be_written(tmp_path):
    path = tmp_path / "gone" / "out.png"
    monitor = Monitor(path, 100, 1, None)
    with pytest.warns(UserWarning, match="gone") as warned:
        stops = [monitor(progress(iteration)) for iteration in (1, 2, 3)]
    assert not any(stops)
    assert [str(each.message) for each in warned] == [
        "A preview cannot be written: Invalid value for argument `output`. Expected a file in an "
        f"existing folder. Received: output={path.with_name('out-00001.png')}"
    ]


def test_a_folder_for_tensorboard_that_cannot_be_written(tmp_path):
    (tmp_path / "logs").write_text("a file")
    with pytest.warns(UserWarning, match="TensorBoard") as warned:
        made = Monitor(tmp_path / "out.png", 100, 0, str(tmp_path / "logs"))
    with made as monitor:
        assert not monitor(progress(0))
        assert not monitor(progress(5))
    assert [str(each.message) for each in warned] == ["TensorBoard logs cannot be written"]


def test_a_disk_that_fills_while_tensorboard_is_told(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    with Monitor(tmp_path / "out.png", 100, 0, str(tmp_path / "logs")) as monitor:
        monkeypatch.setattr(tf.summary, "scalar", full)
        with pytest.warns(UserWarning, match="TensorBoard"):
            assert not monitor(progress(0))
        assert not monitor(progress(5))
