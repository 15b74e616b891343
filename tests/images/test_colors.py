"""The colours of one picture for another, against NumPy in float64."""

import numpy as np
import pytest
import scipy.linalg

import rwkeras
from rwkeras.images.writing import to_uint8
from tests.conftest import waves

# From R, G and B to Y, I and Q, as of NTSC.
YIQ = np.array(
    [[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]]
)


def muted(height, width, seed):
    """Returns an image whose colours vary so little that nothing is clipped."""
    rng = np.random.default_rng(seed)
    mixed = np.eye(3) + rng.uniform(-0.3, 0.3, (3, 3))
    colours = rng.normal(size=(height, width, 3)) @ mixed
    return (0.5 + 0.03 * colours + rng.uniform(-0.1, 0.1, 3)).astype(np.float32)


def moments(image):
    pixels = np.asarray(image, np.float64).reshape(-1, 3)
    centred = pixels - pixels.mean(axis=0)
    return pixels.mean(axis=0), centred.T @ centred / len(pixels)


def test_luminance_of_one_and_chrominance_of_the_other():
    image, reference = muted(9, 7, 0), muted(9, 7, 1)
    found = rwkeras.with_luminance_of(image, reference)
    assert found.dtype == np.float32
    parts = image.astype(np.float64) @ YIQ.T
    parts[..., 0] = reference.astype(np.float64) @ YIQ[0]
    np.testing.assert_allclose(found, parts @ np.linalg.inv(YIQ).T, atol=1e-6)


def test_its_own_luminance_changes_nothing():
    image = to_uint8(waves(8, 8))
    np.testing.assert_allclose(rwkeras.with_luminance_of(image, image), image / 255, atol=1e-7)


def test_colours_that_rgb_lacks_are_clipped():
    red, white = np.zeros((2, 2, 3), np.float32), np.ones((2, 2, 3), np.float32)
    red[..., 0] = 1
    np.testing.assert_allclose(rwkeras.with_luminance_of(red, white)[0, 0], [1, 0.701, 0.701])


def test_mean_and_covariance_are_the_references():
    image, reference = muted(20, 30, 2), muted(15, 11, 3)
    found = rwkeras.match_colors(image, reference)
    assert (found.dtype, found.shape) == (np.float32, image.shape)
    for value, expected in zip(moments(found), moments(reference), strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-6)


def test_the_map_is_that_of_the_symmetric_roots():
    image, reference = muted(20, 30, 4), muted(15, 11, 5)
    (mean, covariance), (wanted_mean, wanted) = moments(image), moments(reference)
    matrix = scipy.linalg.sqrtm(wanted) @ np.linalg.inv(scipy.linalg.sqrtm(covariance))
    expected = (image.astype(np.float64) - mean) @ matrix.T + wanted_mean
    np.testing.assert_allclose(rwkeras.match_colors(image, reference), expected, atol=1e-6)


def test_the_order_of_the_channels_does_not_matter():
    image, reference = muted(12, 12, 6), muted(12, 12, 7)
    turned = rwkeras.match_colors(image[..., [2, 0, 1]], reference[..., [2, 0, 1]])
    expected = rwkeras.match_colors(image, reference)[..., [2, 0, 1]]
    np.testing.assert_allclose(turned, expected, atol=1e-6)


def test_a_grey_image_gets_a_line_of_colours_and_no_noise():
    grey = np.repeat(muted(20, 20, 8)[..., :1], 3, axis=2)
    grey += np.random.default_rng(0).uniform(-0.5, 0.5, grey.shape).astype(np.float32) / 255
    reference = muted(20, 20, 9)
    found = rwkeras.match_colors(grey, reference)
    mean, covariance = moments(found)
    np.testing.assert_allclose(mean, moments(reference)[0], atol=1e-6)
    # What a symmetric root makes of the variance along grey; that across it was rounding alone.
    along = scipy.linalg.sqrtm(moments(reference)[1]) @ np.ones(3) / np.sqrt(3)
    np.testing.assert_allclose(covariance, np.outer(along, along), rtol=0.02)


def test_one_colour_becomes_the_mean():
    reference = muted(6, 6, 10)
    found = rwkeras.match_colors(np.full((4, 5, 3), 0.3, np.float32), reference)
    np.testing.assert_allclose(found, np.broadcast_to(moments(reference)[0], (4, 5, 3)), atol=1e-6)


def test_what_is_outside_is_clipped():
    dark = (0.3 * waves(16, 16)).astype(np.float32)
    bright = np.zeros((16, 16, 3), np.float32)
    bright[:8] = 1
    found = rwkeras.match_colors(dark, bright)
    assert found.min() == 0
    assert found.max() == 1


@pytest.mark.parametrize("function", [rwkeras.match_colors, rwkeras.with_luminance_of])
def test_a_batch_is_not_one_image(function):
    with pytest.raises(ValueError) as error:
        function(waves(4, 4), np.stack([waves(4, 4)] * 2))
    assert str(error.value) == (
        "Invalid value for argument `reference`. Expected one image, [height, width, channels]. "
        "Received: reference=(2, 4, 4, 3)"
    )


def test_sizes_that_differ():
    with pytest.raises(ValueError) as error:
        rwkeras.with_luminance_of(waves(4, 6), waves(6, 4))
    assert str(error.value) == (
        "Invalid value for argument `reference`. Expected an image of the same size, 6 x 4 pixels. "
        "Received: reference=4 x 6"
    )
