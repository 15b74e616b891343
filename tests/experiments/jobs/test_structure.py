import numpy as np
import pytest

from rwkeras.experiments.jobs.structure import (
    color_correlation,
    color_explained,
    color_mapped,
    contours,
    correlation,
    crop_border,
    edges,
    match_mean_std,
    structure,
)
from tests.conftest import waves

MAP = np.array([[0.2, -1.5, 0.4], [-0.9, 0.3, 2.0], [1.1, 0.6, -0.2]])


@pytest.fixture
def noise(square):
    return np.random.default_rng(0).normal(size=square.shape).astype(np.float32)


def test_the_middle_leaves_out_a_share_of_each_side():
    image = np.arange(16 * 8 * 3).reshape(16, 8, 3)
    np.testing.assert_array_equal(crop_border(image), image[2:14, 1:7])
    np.testing.assert_array_equal(crop_border(image, 1 / 4), image[4:12, 2:6])


def test_correlation_is_pearsons_and_nothing_with_a_constant(square, noise):
    expected = np.corrcoef(square.ravel(), noise.ravel())[0, 1]
    assert correlation(square, noise) == pytest.approx(expected, abs=1e-6)
    assert correlation(square, 3 - 2 * square) == pytest.approx(-1)
    assert correlation(square, np.ones_like(square)) == 0


def test_matched_images_have_mean_and_spread_of_the_source(square, noise):
    found = match_mean_std(100 * noise - 7, square)
    assert crop_border(found).mean() == pytest.approx(crop_border(square).mean(), abs=1e-5)
    assert crop_border(found).std() == pytest.approx(crop_border(square).std(), rel=1e-5)
    # Scale and offset are the same for all channels, so they are recovered exactly.
    np.testing.assert_allclose(match_mean_std(5 * square + 2, square), square, atol=1e-5)
    flat = match_mean_std(np.full_like(square, 3), square)
    np.testing.assert_allclose(flat, crop_border(square).mean(), atol=1e-6)


def test_the_map_of_colors_is_the_least_squares(square, noise):
    np.testing.assert_allclose(color_mapped(square @ MAP + 4, square), square, atol=1e-4)
    given = square + noise
    best = color_mapped(given, square)

    def error(x):
        return np.sum((crop_border(x) - crop_border(square)) ** 2)

    rng = np.random.default_rng(1)
    for _ in range(20):
        near = best + 0.01 * (given @ rng.normal(size=(3, 3)) + rng.normal(size=3))
        assert error(near) > error(best)


def test_edges_and_contours_outlast_colors_but_not_a_mirror(square, noise):
    strange = -3 * square[..., [1, 2, 0]] + 8
    assert edges(strange, square) == pytest.approx(1)
    assert abs(edges(strange, square[:, ::-1])) < 0.7
    assert abs(edges(noise, square)) < 0.3
    assert contours(2 * square - 5, square) == pytest.approx(1)
    assert contours(-square, square) == pytest.approx(-1)


def test_edges_a_pixel_aside_are_edges_still():
    source = np.zeros((128, 128, 3), np.float32)
    source[32:, 47:] = 1
    source[70:, 90:] = 0
    assert edges(np.roll(source, 1, axis=(0, 1)), source) > 0.6
    assert edges(np.roll(source, 12, axis=(0, 1)), source) < 0.3


def test_colors_that_are_told_and_those_that_are_not(square):
    grey = np.repeat(square.mean(axis=2, keepdims=True), 3, axis=2)
    assert color_correlation(square, square) == pytest.approx(1)
    assert color_correlation(grey, square) == pytest.approx(0, abs=1e-6)
    assert color_explained(square, square) == pytest.approx(1)
    means = np.broadcast_to(crop_border(square).mean(axis=(0, 1)), square.shape)
    assert color_explained(means, square) == pytest.approx(0, abs=1e-6)
    assert color_explained(square, grey) == 0


def test_structure_of_a_picture_with_other_colors(square, noise):
    found = structure(square @ MAP, square)
    assert found["error_mapped"] < 1e-4 < 0.1 < found["error"]
    assert found["contours"] == pytest.approx(1, abs=1e-4)
    assert found["color_explained"] == pytest.approx(1, abs=1e-4)
    assert found["contours_by_chance"] < 0.95
    assert found["edges_by_chance"] == pytest.approx(edges(square @ MAP, square[:, ::-1]))
    inverted = structure(2 - 3 * square, square)
    assert inverted["brightness"] == pytest.approx(1)
    assert inverted["color_correlation"] == pytest.approx(-1)
    assert structure(noise, square)["color_explained"] < 0.1
    assert all(isinstance(value, float) for value in found.values())
    assert structure(waves(24, 40), waves(24, 40))["edges"] == pytest.approx(1)
