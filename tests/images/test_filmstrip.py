import numpy as np
import pytest

from rwkeras.images.filmstrip import Filmstrip, select_spaced, thumbnail
from tests.conftest import waves


@pytest.mark.parametrize(
    ("iterations", "expected"),
    [
        ([0], [0]),
        ([0, 5, 6], [0, 5, 6]),
        (range(0, 35, 5), [0, 5, 10, 15, 20, 25, 30]),
        ([0, 5, 10, 15, 25, 40, 60, 85, 100], [0, 5, 10, 15, 25, 60, 100]),
        ([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024], [0, 1, 4, 16, 64, 256, 1024]),
        (range(100, 1200, 100), [100, 200, 300, 400, 600, 800, 1100]),
    ],
)
def test_spaced(iterations, expected):
    assert select_spaced(iterations, 7) == expected


def seen(iterations, strip=None):
    """Returns a filmstrip of pictures as light as their iteration, and at which it looked."""
    strip = Filmstrip() if strip is None else strip
    looked = []
    for iteration in iterations:

        def image(iteration=iteration):
            looked.append(iteration)
            return np.full((6, 8, 3), iteration / 255, np.float32)

        strip.record(iteration, image)
    return strip, looked


def test_frames_are_thinned_out_during_the_run():
    strip, looked = seen(range(0, 205, 5))
    assert looked == [0, 5, 10, 15, 25, 40, 60, 85, 125, 180]
    stages = strip.frames(np.ones((6, 8, 3), np.float32))
    names = [f"iteration {n}" for n in (0, 5, 10, 25, 40, 85, 200)]
    assert [label for label, _ in stages] == names
    assert [int(image[0, 0, 0]) for _, image in stages] == [0, 5, 10, 25, 40, 85, 255]


def test_final_image_replaces_the_last_frame():
    strip, _ = seen([0, 5, 6], Filmstrip("seed 3, "))
    stages = strip.frames(np.ones((6, 8, 3), np.float32))
    assert [label for label, _ in stages] == [f"seed 3, iteration {n}" for n in (0, 5, 6)]
    assert np.all(stages[-1][1] == 255)


def test_a_run_without_iterations():
    strip, _ = seen([0])
    assert [label for label, _ in strip.frames(waves(6, 8))] == ["iteration 0"]


def test_stages_of_other_sizes_are_shown_at_the_size_of_the_end():
    strip = Filmstrip()
    strip.record(0, lambda: waves(4, 5))
    strip.record(3, lambda: waves(900, 1200))
    stages = strip.frames(waves(900, 1200))
    assert [image.shape for _, image in stages] == [(384, 512, 3)] * 2
    np.testing.assert_array_equal(stages[1][1], thumbnail(waves(900, 1200)))
