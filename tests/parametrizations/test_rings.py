import numpy as np
import pytest
import tensorflow as tf

from rwkeras.parametrizations.filters import frequencies
from rwkeras.parametrizations.rings import interpolate_rings, ring_means, ring_smoothing, rings


@pytest.mark.parametrize(("height", "width"), [(16, 16), (64, 48), (33, 100), (2, 2)])
def test_rings_cover_the_plane_from_the_centre_outwards(height, width):
    layout = rings(height, width)
    assert layout.sizes.sum() == height * width
    assert (layout.sizes > 0).all()
    assert (np.diff(layout.frequency) > 0).all()
    order = np.argsort(frequencies(height, width), axis=None)
    assert (np.diff(layout.ring.ravel()[order]) >= 0).all()


def test_ring_means():
    layout = rings(12, 10)
    power = tf.constant(layout.ring[np.newaxis, ..., np.newaxis] * np.array([1.0, 2.0]))
    means = ring_means(power)
    expected = np.arange(len(layout.sizes))[:, np.newaxis] * [1, 2]
    np.testing.assert_allclose(means[0], expected)


def test_spread_interpolates_in_log_frequency():
    layout = rings(64, 64)
    table = np.log(layout.frequency)[np.newaxis, :, np.newaxis, np.newaxis] * np.ones((3, 3))
    got = interpolate_rings(tf.constant(table), 64, 64).numpy()
    assert got.shape == (1, 3, 3, 64, 64)
    expected = np.clip(np.log(frequencies(64, 64)), table.min(), table.max())
    np.testing.assert_allclose(got[0, 1, 2], expected)


def test_small_rings_are_smoothed_with_outer_ones():
    layout, weights = rings(64, 64), ring_smoothing(64, 64)
    np.testing.assert_allclose(weights.sum(1), 1)
    assert not np.tril(weights, -1).any()
    own = np.diag(weights)
    np.testing.assert_allclose(own[:-1], layout.sizes[:-1] / (layout.sizes[:-1] + 30))
    assert own[0] < 0.2
    assert own[-1] == 1
    np.testing.assert_allclose(weights[0, 1], (1 - own[0]) * own[1])
