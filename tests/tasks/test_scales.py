import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.optimizers.checkpoint import Bounds
from rwkeras.optimizers.settings import OptimizationResult, Progress
from rwkeras.tasks.scales import ScaleSettings, coarse_to_fine, planned_steps, resized, scaled
from tests.conftest import waves

pytestmark = pytest.mark.eager


@pytest.mark.parametrize("side", [16, 17, 40, 100, 512, 1000])
@pytest.mark.parametrize("step", [1.25, math.sqrt(2), 2, 3.0])
def test_sides_grow_by_the_step_to_the_whole(side, step):
    scales = ScaleSettings(smallest=16, step=step).scales(side)
    assert scales[-1] == 1
    np.testing.assert_allclose(np.divide(scales[1:], scales[:-1]), step)
    # The first is the smallest that will do.
    assert side * scales[0] > 16 - 1e-6
    assert side * scales[0] / step < 16


def test_the_default_scales():
    settings = ScaleSettings()
    np.testing.assert_allclose(settings.scales(256), [0.125, 0.25, 0.5, 1])
    assert settings.scales(32) == settings.scales(63) == settings.scales(20) == [1]


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [
        (1, 160, [160, 80, 40]),
        (60, 160, [160, 80, 60]),
        (10, 100, [100, 50, 25]),
        (10, 4, [4, 4, 4]),
        (10, 0, [0, 0, 0]),
    ],
)
def test_iterations_at_each_size(least, most, expected):
    settings = ScaleSettings(smallest=16, step=2, least_iterations=least)
    scales = settings.scales(64)
    assert settings.iterations(scales, most) == expected
    assert settings.iterations([1.0], most) == [most]


def test_images_of_another_size():
    images = tf.constant(waves(24, 36)[np.newaxis])
    assert scaled(images, 1.0) is images
    assert resized(images, (24, 36)) is images
    smaller = scaled(images, 0.5)
    assert smaller.shape == (1, 12, 18, 3)
    np.testing.assert_array_equal(smaller, resized(images, (12, 18)))
    assert scaled(images, 1.5).shape == (1, 36, 54, 3)
    assert scaled(images, 0.01).shape == (1, 2, 2, 3)
    # As large again, it is what it was but at the borders.
    smooth = tf.constant(0.5 + (waves(24, 36)[np.newaxis] - 0.5) / 4)
    again = resized(scaled(smooth, 2), (24, 36))
    np.testing.assert_allclose(again[:, 3:-3, 3:-3], smooth[:, 3:-3, 3:-3], atol=0.01)


def test_what_overshoots_is_clipped():
    edge = np.zeros((1, 16, 16, 3), np.float32)
    edge[:, :, 8:] = 1
    raw = tf.image.resize(edge, (40, 40), "lanczos3", antialias=True)
    assert np.min(raw) < -0.01
    assert np.max(raw) > 1.01
    np.testing.assert_array_equal(resized(tf.constant(edge), (40, 40)), np.clip(raw, 0, 1))


def picture(shape, value):
    return np.full(shape, value, np.float32)


class FakeSynthesis:
    """Makes grey pictures, each brighter than the one before, and keeps what it was asked for."""

    def __init__(self, size, batch=1):
        self.size, self.batch = size, batch
        self.calls = []

    def __call__(self, step, start, optimizer, callback):
        self.calls.append((step, start, optimizer))
        n = len(self.calls)
        shape = (self.batch, *(max(2, round(side * step.scale)) for side in self.size), 3)
        stopped = False
        for iteration in (0, optimizer.max_iterations):
            progress = Progress(
                iteration=iteration,
                max_iterations=optimizer.max_iterations,
                evaluations=iteration + 1,
                loss=np.ones(self.batch),
                losses={},
                images=tf.zeros(shape),
            )
            stopped = stopped or bool(callback and callback(progress))
        values = np.full(self.batch, 1.0 / n)
        return OptimizationResult(
            image=picture(shape, 0.1 * n),
            loss=values,
            initial_loss=2 * values,
            losses={"a": values},
            iterations=np.arange(self.batch) + optimizer.max_iterations,
            evaluations=np.arange(self.batch) + 10 * n,
            converged=np.zeros(self.batch, bool),
            failed=np.zeros(self.batch, bool),
            stopped=stopped,
        )


SETTINGS = ScaleSettings(smallest=16, step=2, least_iterations=3)
OPTIMIZER = rwkeras.OptimizerSettings(max_iterations=20, max_evaluations=50, memory=7)


def synthesize(make, size, optimizer=OPTIMIZER, callback=None, settings=SETTINGS, draws=1):
    steps = planned_steps(max(size), settings, optimizer.max_iterations, draws)
    return coarse_to_fine(make, size, steps, settings, optimizer, callback)


def test_each_size_starts_from_the_one_before():
    make = FakeSynthesis((64, 41), batch=2)
    result = synthesize(make, (64, 41))
    assert [step.scale for step, _, _ in make.calls] == [0.25, 0.5, 1]
    assert [step.number for step, _, _ in make.calls] == [0, 1, 2]
    starts = [start for _, start, _ in make.calls]
    assert starts[0] is None
    np.testing.assert_allclose(starts[1], picture((2, 32, 20, 3), 0.1), rtol=1e-5)
    np.testing.assert_allclose(starts[2], picture((2, 64, 41, 3), 0.2), rtol=1e-5)
    settings = [given for _, _, given in make.calls]
    assert [given.max_iterations for given in settings] == [20, 10, 5]
    assert {(given.max_evaluations, given.memory) for given in settings} == {(50, 7)}
    assert {given.checkpoint_dir for given in settings} == {None}
    np.testing.assert_array_equal(result.image, picture((2, 64, 41, 3), 0.1 * 3))
    np.testing.assert_array_equal(result.loss, [1 / 3, 1 / 3])
    np.testing.assert_array_equal(result.initial_loss, [2 / 3, 2 / 3])
    np.testing.assert_array_equal(result.losses["a"], [1 / 3, 1 / 3])
    assert not result.stopped


def test_iterations_and_evaluations_are_summed():
    result = synthesize(FakeSynthesis((64, 64), batch=2), (64, 64))
    assert result.iterations.tolist() == [35, 38]
    assert result.evaluations.tolist() == [60, 63]


def test_callback_sees_cumulative_iterations():
    reported = []
    synthesize(FakeSynthesis((64, 64)), (64, 64), callback=reported.append)
    assert [progress.iteration for progress in reported] == [0, 20, 20, 30, 30, 35]
    assert {progress.max_iterations for progress in reported} == {35}
    assert [progress.images.shape[1] for progress in reported] == [16, 16, 32, 32, 64, 64]


def test_the_callback_stops():
    make = FakeSynthesis((64, 64))
    result = synthesize(make, (64, 64), callback=lambda progress: progress.iteration >= 30)
    assert result.stopped
    assert [step.scale for step, _, _ in make.calls] == [0.25, 0.5]
    # What there is by then, as large as what was asked for.
    np.testing.assert_allclose(result.image, picture((1, 64, 64, 3), 0.2), rtol=1e-5)
    assert result.iterations.tolist() == [30]
    assert result.evaluations.tolist() == [30]


def test_an_image_that_is_small_is_made_at_once():
    make = FakeSynthesis((20, 12))
    result = synthesize(make, (20, 12))
    assert make.calls == [((1.0, 0, 20), None, OPTIMIZER)]
    assert result.iterations.tolist() == [20]


def test_each_size_has_a_folder_of_its_own():
    make = FakeSynthesis((64, 64))
    optimizer = rwkeras.OptimizerSettings(checkpoint_dir="/somewhere/run")
    synthesize(make, (64, 64), optimizer)
    assert [given.checkpoint_dir for _, _, given in make.calls] == [
        "/somewhere/run/step_0",
        "/somewhere/run/step_1",
        "/somewhere/run/step_2",
    ]


def test_draws_share_the_iterations_of_a_size():
    settings = dataclasses.replace(SETTINGS, least_per_draw=1)
    steps = planned_steps(64, settings, 21, 2)
    assert [step[:3] for step in steps] == [
        (0.25, 0, 10),
        (0.25, 1, 11),
        (0.5, 2, 5),
        (0.5, 3, 5),
        (1.0, 4, 2),
        (1.0, 5, 3),
    ]
    at_once = planned_steps(64, None, 5, 3)
    assert [step[:3] for step in at_once] == [(1.0, 0, 1), (1.0, 1, 2), (1.0, 2, 2)]


@pytest.mark.parametrize(
    ("draws", "most", "expected"),
    [
        (1, 40, [40, 20, 10]),
        (2, 40, [40, 24, 24]),
        (3, 40, [40, 36, 36]),
        # A short run is as short as it is asked to be.
        (4, 40, [40, 40, 40]),
        (4, 0, [0, 0, 0]),
    ],
)
def test_a_draw_has_some_iterations_at_least(draws, most, expected):
    settings = dataclasses.replace(SETTINGS, least_per_draw=12)
    steps = planned_steps(64, settings, most, draws)
    counts = [sum(s.iterations for s in steps if s.scale == scale) for scale in (0.25, 0.5, 1)]
    assert counts == expected


def test_draws_go_on_at_one_size():
    make = FakeSynthesis((64, 64))
    synthesize(make, (64, 64), draws=2)
    starts = [start for _, start, _ in make.calls]
    assert starts[0] is None
    assert [start.shape[1] for start in starts[1:]] == [16, 32, 32, 64, 64]


def test_pairs_are_bounded_where_there_are_several_steps():
    for size, expected in ((64, 4), (16, 7)):
        make = FakeSynthesis((size, size))
        synthesize(make, (size, size), settings=dataclasses.replace(SETTINGS, memory=4))
        assert {given.memory for _, _, given in make.calls} == {expected}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"smallest": 1}, "`smallest`. Expected an integer of at least 2. Received: smallest=1"),
        (
            {"smallest": 64.0},
            "`smallest`. Expected an integer of at least 2. Received: smallest=64.0",
        ),
        ({"step": 1}, "`step`. Expected a finite number greater than 1. Received: step=1"),
        (
            {"step": float("inf")},
            "`step`. Expected a finite number greater than 1. Received: step=inf",
        ),
        (
            {"least_iterations": 0},
            "`least_iterations`. Expected an integer of at least 1. Received: least_iterations=0",
        ),
        (
            {"least_per_draw": 1.5},
            "`least_per_draw`. Expected an integer of at least 1. Received: least_per_draw=1.5",
        ),
    ],
)
def test_errors(setting, message):
    with pytest.raises(ValueError) as error:
        ScaleSettings(**setting)
    assert str(error.value) == f"Invalid value for argument {message}"


@pytest.mark.parametrize(
    ("precision", "below", "expected"),
    [
        ("auto", 33, ["float32", "float32", "auto"]),
        ("auto", 32, ["float32", "auto", "auto"]),
        ("auto", 1000, ["float32", "float32", "auto"]),
        ("auto", 0, ["auto", "auto", "auto"]),
        ("bfloat16", 1000, ["bfloat16", "bfloat16", "bfloat16"]),
        ("float32", 0, ["float32", "float32", "float32"]),
    ],
)
def test_small_sizes_are_compiled_for_one_precision(precision, below, expected):
    make = FakeSynthesis((41, 64))
    settings = dataclasses.replace(SETTINGS, float32_below=below)
    synthesize(make, (41, 64), rwkeras.OptimizerSettings(precision=precision), settings=settings)
    assert [given.precision for _, _, given in make.calls] == expected


FEW = ScaleSettings(smallest=16, step=2, least_iterations=6)


def kept(monkeypatch, **bounds):
    """Makes steps have been begun before, by their numbers, with bounds."""
    found = {f"state/step_{name[1:]}": value for name, value in bounds.items()}
    monkeypatch.setattr("rwkeras.tasks.scales.saved_bounds", found.get)


@pytest.mark.parametrize(
    ("begun", "expected"),
    [
        ({}, [20, 10, 6]),
        # The first had 12 when it was made; what it would have more goes to the one that stands.
        ({"_0": Bounds(12, 30)}, [20, 10, 6]),
        ({"_0": Bounds(12, 30), "_1": Bounds(6, 30)}, [12, 18, 6]),
        ({"_0": Bounds(12, 30), "_1": Bounds(6, 30), "_2": Bounds(6, 30)}, [12, 6, 18]),
        # All that there is comes from these very settings.
        ({"_0": Bounds(20, 50), "_1": Bounds(10, 50), "_2": Bounds(6, 50)}, [20, 10, 6]),
        ({"_0": Bounds(12, 30), "_1": Bounds(18, 50), "_2": Bounds(6, 50)}, [12, 18, 6]),
        # Of fewer than before the one that stands has fewer than it had, and is refused there.
        ({"_0": Bounds(90, 30), "_1": Bounds(45, 30)}, [90, 0, 0]),
    ],
)
def test_more_iterations_than_before(monkeypatch, begun, expected):
    kept(monkeypatch, **begun)
    make, reported = FakeSynthesis((64, 64)), []
    optimizer = dataclasses.replace(OPTIMIZER, checkpoint_dir="state")
    synthesize(make, (64, 64), optimizer, reported.append, settings=FEW)
    given = [settings for _, _, settings in make.calls]
    assert [each.max_iterations for each in given] == expected
    done = len(begun) - 1
    bounds = [begun[f"_{n}"].max_evaluations if n < done else 50 for n in range(3)]
    assert [each.max_evaluations for each in given] == bounds
    assert [each.checkpoint_dir for each in given] == [f"state/step_{n}" for n in range(3)]
    assert {progress.max_iterations for progress in reported} == {sum(expected)}
    assert reported[-1].iteration == sum(expected)


def test_single_scale_keeps_the_checkpoint_folder(monkeypatch):
    monkeypatch.setattr("rwkeras.tasks.scales.saved_bounds", None)
    make = FakeSynthesis((16, 16))
    optimizer = dataclasses.replace(OPTIMIZER, checkpoint_dir="state")
    synthesize(make, (16, 16), optimizer, settings=FEW)
    assert make.calls[0][2].checkpoint_dir == "state"


def test_a_finished_picture_is_taken_further(image, tmp_path):
    network = rwkeras.toy_vgg(seed=3)  # Of its own, as it is drawn anew.

    def texture(iterations, reported):
        optimizer = rwkeras.OptimizerSettings(
            max_iterations=iterations, checkpoint_dir=str(tmp_path), report_every=1
        )
        scales = ScaleSettings(smallest=12, least_iterations=2)
        settings = rwkeras.TextureSettings(["conv1_1"], scales=scales, draws=1)
        return rwkeras.synthesize_texture(
            network, image, settings, optimizer=optimizer, callback=reported.append
        )

    first_heard, second_heard, third_heard = [], [], []
    first = texture(3, first_heard)
    second = texture(6, second_heard)
    assert (first.iterations, second.iterations) == (3 + 2, 6 + 3)
    # The smaller size is as it was: its end alone is told.
    assert [progress.iteration for progress in second_heard] == [3, 5, 6, 7, 8, 9]
    assert second.loss < first.loss
    np.testing.assert_array_equal(texture(6, third_heard).image, second.image)
    assert [progress.iteration for progress in third_heard] == [3, 9]
    with pytest.raises(ValueError, match="max_iterations was 6 and is now 2"):
        texture(3, [])
