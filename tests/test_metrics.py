import math

import numpy as np
import pytest
import skimage.metrics
import tensorflow as tf
from skimage import data

import rwkeras
from rwkeras.images.reading import fit_longer_side
from tests.conftest import waves

RANDOM = np.random.default_rng(0)
IMAGE = waves(32, 40)
NOISY = np.clip(IMAGE + RANDOM.normal(0, 0.05, IMAGE.shape), 0, 1).astype(np.float32)


def test_mean_euclidean_distance():
    expected = np.mean(np.sqrt(np.sum((IMAGE - NOISY) ** 2, axis=2)))
    np.testing.assert_allclose(rwkeras.mean_euclidean_distance(NOISY, IMAGE), [expected], rtol=1e-5)


def test_psnr():
    expected = skimage.metrics.peak_signal_noise_ratio(IMAGE, NOISY, data_range=1)
    np.testing.assert_allclose(rwkeras.psnr(NOISY, IMAGE), [expected], rtol=1e-5)
    assert math.isinf(rwkeras.psnr(IMAGE, IMAGE)[0])


def test_ssim():
    expected = skimage.metrics.structural_similarity(
        IMAGE,
        NOISY,
        data_range=1,
        channel_axis=2,
        gaussian_weights=True,
        use_sample_covariance=False,
    )
    np.testing.assert_allclose(rwkeras.ssim(NOISY, IMAGE), [expected], atol=0.01)
    np.testing.assert_allclose(rwkeras.ssim(IMAGE[:5], IMAGE[:5]), [1], rtol=1e-5)


def test_batches():
    both = rwkeras.psnr(np.stack([NOISY, IMAGE]), np.stack([IMAGE, NOISY]))
    np.testing.assert_allclose(both, [rwkeras.psnr(NOISY, IMAGE)[0]] * 2)


def test_shapes_must_agree():
    with pytest.raises(ValueError) as error:
        rwkeras.psnr(IMAGE[:5], IMAGE)
    assert str(error.value) == (
        "Invalid value for argument `image`. Expected [height, width, channels] or a batch of it, "
        "of the reference's shape (32, 40, 3). Received: image=(5, 40, 3)"
    )


def test_patch_distance_of_a_shift_in_brightness():
    # Along a unit direction u every quantile moves by 0.2 sum(u), and sum(u) is nearly N(0, 1).
    grey = np.full((40, 40, 3), 0.3, np.float32)
    got = rwkeras.patch_distance(grey + 0.2, grey, directions=4096)
    np.testing.assert_allclose(got, [0.2 * math.sqrt(2 / math.pi)], rtol=0.05)


def test_patch_distance_is_zero_for_one_texture_and_symmetric():
    assert rwkeras.patch_distance(IMAGE, IMAGE)[0] == 0
    there, back = rwkeras.patch_distance(IMAGE, NOISY), rwkeras.patch_distance(NOISY, IMAGE)
    np.testing.assert_allclose(there, back, rtol=1e-5)
    np.testing.assert_array_equal(there, rwkeras.patch_distance(IMAGE, NOISY))


def test_patch_distance_tells_textures_apart():
    grass, gravel = (
        fit_longer_side(np.repeat(texture[..., np.newaxis], 3, 2) / np.float32(255), 128)
        for texture in (data.grass(), data.gravel())
    )
    same = rwkeras.patch_distance(grass[:, :64], grass[:, 64:])
    other = rwkeras.patch_distance(gravel[:, :64], grass[:, 64:])
    assert other > 1.5 * same


def test_patch_distance_takes_images_of_different_sizes():
    small, large, brighter = (
        RANDOM.uniform(0, 0.9, (*size, 3)) for size in ((64, 64), (90, 80), (90, 80))
    )
    same, other = (rwkeras.patch_distance(x, small)[0] for x in (large, brighter + 0.1))
    assert 4 * same < other


def test_patch_distance_errors():
    with pytest.raises(ValueError, match="Expected images of at least 7 x 7 pixels"):
        rwkeras.patch_distance(IMAGE[:6], IMAGE)


def across_and_inside(image):
    """The mean squared differences of the seam ratio, row by row in float64."""
    image = image.astype(np.float64)
    height, width = image.shape[:2]
    rows = [np.mean((image[(y + 1) % height] - image[y]) ** 2) for y in range(height)]
    columns = [np.mean((image[:, (x + 1) % width] - image[:, x]) ** 2) for x in range(width)]
    return rows[-1] + columns[-1], np.mean(rows[:-1]) + np.mean(columns[:-1])


def test_seam_ratio_against_numpy():
    for image in (IMAGE, NOISY, RANDOM.normal(size=(2, 2, 1)), RANDOM.normal(size=(3, 17, 5))):
        across, inside = across_and_inside(image)
        np.testing.assert_allclose(rwkeras.seam_ratio(image), [across / inside], rtol=1e-12)


def periodic(height, width):
    """A periodic picture of smooth noise, float64."""
    spectrum = np.fft.fft2(RANDOM.normal(size=(height, width, 3)), axes=(0, 1))
    frequency = np.hypot(np.fft.fftfreq(height)[:, np.newaxis], np.fft.fftfreq(width))
    return np.fft.ifft2(spectrum * np.exp(-400 * frequency**2)[..., np.newaxis], axes=(0, 1)).real


def test_seam_ratio_of_pictures_with_and_without_a_seam():
    picture = periodic(128, 160)
    np.testing.assert_allclose(rwkeras.seam_ratio(picture), [1], atol=0.3)
    assert rwkeras.seam_ratio(picture[:100, :100])[0] > 10
    # A seam along one axis only.
    assert rwkeras.seam_ratio(picture[:, :100])[0] > 5
    assert rwkeras.seam_ratio(picture[:100])[0] > 5


def test_seam_ratio_of_stripes_and_of_one_colour():
    stripes = np.tile([0.0, 0.0, 1.0, 1.0], (8, 4))[..., np.newaxis]
    # Seven of the fifteen steps inside are edges, and so is the step across the border.
    np.testing.assert_allclose(rwkeras.seam_ratio(stripes), [15 / 7], rtol=1e-12)
    assert rwkeras.seam_ratio(np.full((5, 4, 3), 0.1)) == [1]


def test_seam_ratio_of_a_batch_and_of_tensors():
    both = rwkeras.seam_ratio(tf.constant(np.stack([NOISY, IMAGE])))
    assert both.shape == (2,)
    assert both.dtype == np.float64
    np.testing.assert_array_equal(both, [rwkeras.seam_ratio(x)[0] for x in (NOISY, IMAGE)])


@pytest.mark.parametrize("shape", [(8, 8), (1, 8, 3), (8, 1, 3), (2, 2, 8, 8, 3)])
def test_seam_ratio_errors(shape):
    with pytest.raises(ValueError) as error:
        rwkeras.seam_ratio(np.zeros(shape))
    assert str(error.value) == (
        "Invalid value for argument `image`. Expected [height, width, channels] or a batch of it, "
        f"of at least 2 x 2 pixels. Received: image={shape}"
    )
