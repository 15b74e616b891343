import numpy as np
import pytest
import tensorflow as tf

from rwkeras.parametrizations.filters import apply_filters, frequencies
from rwkeras.parametrizations.parametrization import (
    Stage,
    adaptive_filter,
    fourier_filter,
    stages,
)
from rwkeras.parametrizations.prior import COLOR_CORRELATIONS
from rwkeras.parametrizations.rings import rings
from rwkeras.random import stateless_normal

SIZE = 32


def curvature(law):
    """Returns curvatures that depend on the frequency and are alike for all colours."""
    frequency = rings(SIZE, SIZE).frequency
    return tf.constant((law(frequency)[:, np.newaxis, np.newaxis] * np.eye(3))[np.newaxis])


def test_fourier_amplitudes_fall_as_the_power_law():
    got = fourier_filter(SIZE, SIZE, 1.5, False).numpy()[0]
    ratio = got[0, 0] * frequencies(SIZE, SIZE) ** 1.5
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-4)
    np.testing.assert_allclose(got[0, 1], 0, atol=1e-6)


def test_fourier_colours_covary_as_in_photographs():
    filters = fourier_filter(SIZE, SIZE, 0.0, True)
    noise = apply_filters(filters, stateless_normal((1, SIZE, SIZE, 3), 1)).numpy()
    correlations = np.corrcoef(noise.reshape(-1, 3).T)
    np.testing.assert_allclose(correlations, COLOR_CORRELATIONS, atol=0.05)


def test_exponent_0_without_colours_is_pixels():
    got = fourier_filter(SIZE, SIZE, 0.0, False)
    image = stateless_normal((1, SIZE, SIZE, 3), 2)
    np.testing.assert_allclose(apply_filters(got, image), image, atol=1e-5)


def test_zero_curvature_gives_the_prior():
    blind = adaptive_filter(0 * curvature(np.ones_like), SIZE, SIZE, 1.0, True, 500)
    prior = fourier_filter(SIZE, SIZE, 1.0, True)
    # Interpolated between rings, as the one is, it bends a little.
    inner = (..., slice(2, 20), slice(2, 20))
    np.testing.assert_allclose(blind.numpy()[inner], prior.numpy()[inner], rtol=0.25, atol=0.05)


def test_where_the_layer_sees_all_it_is_whitened():
    law = lambda f: f**-1.0  # noqa: E731
    got = adaptive_filter(curvature(law), SIZE, SIZE, 1.0, False, 10**9).numpy()[0, 0, 0]
    flat = got**2 * law(frequencies(SIZE, SIZE))
    seen = flat[4:20, 4:20]
    assert seen.max() / seen.min() < 1.6
    unwhitened = frequencies(SIZE, SIZE)[4:20, 4:20] ** -3.0
    assert unwhitened.max() / unwhitened.min() > 40


@pytest.mark.parametrize("seen", [20, 100, 1000])
def test_effective_degrees_of_freedom(seen):
    law = lambda f: f**-2.0  # noqa: E731
    filters = adaptive_filter(curvature(law), SIZE, SIZE, 1.0, False, seen).numpy()[0, 0, 0]
    # Fitted over rings to 1 / P^2 = a S^-1 + b H, of which b / a is the factor k.
    layout = rings(SIZE, SIZE)
    rows = [filters[layout.ring == ring].mean() ** -2.0 for ring in range(len(layout.sizes))]
    prior, hessian = layout.frequency**-2.0, law(layout.frequency)
    parts = np.stack([1 / prior, hessian], axis=1) / np.array(rows)[:, np.newaxis]
    (a, b), *_ = np.linalg.lstsq(parts, np.ones(len(rows)), rcond=None)
    ratio = b / a * hessian * prior
    freedom = 3 * np.sum(layout.sizes * ratio / (1 + ratio))
    np.testing.assert_allclose(freedom, seen, rtol=0.3)


def test_members_have_filters_of_their_own():
    a, b = curvature(lambda f: f**-1.0), curvature(lambda f: f**-3.0)
    both = adaptive_filter(tf.concat([a, b], 0), SIZE, SIZE, 1.0, True, 100)
    np.testing.assert_allclose(
        both[1], adaptive_filter(b, SIZE, SIZE, 1.0, True, 100)[0], rtol=1e-5
    )


def test_non_finite_curvature_is_ignored():
    broken = curvature(np.ones_like) * np.nan
    filters = adaptive_filter(broken, SIZE, SIZE, 1.0, True, 100)
    assert np.isfinite(filters).all()


def test_stages():
    shape = (16, 16, 3)
    first, last = stages("adaptive", shape, 768 // 4, 1000)
    assert first.until == 60
    assert last.until is None
    np.testing.assert_allclose(
        [first.degrees_of_freedom, last.degrees_of_freedom], [768 * 0.01 / 4, 768 * 0.04 / 8]
    )
    assert stages("pixels", shape, 500, 200) == (Stage(None),)
    assert [stage.until for stage in stages("adaptive", shape, 500, 100)] == [30, None]
    assert [stage.until for stage in stages("adaptive", shape, 500, 3)] == [None]
    # Nearly all coordinates, where a layer has many values for each.
    assert stages("adaptive", shape, 10**5, 100) == (Stage(None, 0.9 * 768),)
