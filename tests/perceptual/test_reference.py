import numpy as np
import tensorflow as tf
from skimage import data

import rwkeras
from rwkeras.perceptual.reference import reference_images


def test_the_seed_decides_the_noise():
    images = reference_images(3).numpy()
    assert images.shape == (16, 64, 64, 3)
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images, reference_images(3))
    assert np.abs(images - reference_images(4)).mean() > 0.05


def test_it_is_like_photographs():
    images = np.concatenate([reference_images(seed) for seed in range(3)]).astype(np.float64)
    assert images.min() >= 0
    assert images.max() <= 1
    # Most power is in the low frequencies: power that falls as f^-2 is even over octaves.
    spectrum = (np.abs(np.fft.fft2(images, axes=(1, 2))) ** 2).mean((0, 3))
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(64), np.fft.fftfreq(64)))
    octaves = [spectrum[(f >= low) & (f < 2 * low)].sum() for low in (1 / 32, 1 / 16, 1 / 8)]
    np.testing.assert_allclose(octaves / octaves[1], 1, atol=0.5)
    # The brightness of an image is all its channels'.
    around = images - images.mean((1, 2, 3), keepdims=True)
    colors = np.corrcoef(around.reshape(-1, 3).T)
    np.testing.assert_allclose(colors[0, 1:], [0.9, 0.7], atol=0.1)


def test_some_are_hazy_and_some_dark():
    images = np.stack([reference_images(seed).numpy() for seed in range(8)])
    spreads = images.std((2, 3, 4)).mean(0)
    assert spreads[0] < 0.12
    assert spreads[-1] > 0.2
    # Of the first, whose contrast is least, 0.2 is the mean; the others follow by sevens.
    np.testing.assert_allclose(images.mean((0, 2, 3, 4))[:3], [0.2, 0.48, 0.76], atol=0.07)


def test_distances_of_unrelated_photographs_are_about_one():
    photos = [data.astronaut(), data.coffee(), data.chelsea(), data.rocket()]
    corners = [(40, 40), (40, 200), (200, 100), (200, 300)]
    patches = [photo[y : y + 64, x : x + 64] for photo in photos for y, x in corners]
    patches = tf.constant(np.stack(patches) / 255, tf.float32)
    for layer in ("conv1_1", "conv3_1", "conv5_1"):
        for given in ({"feature_layers": [layer]}, {"feature_layers": [], "style_layers": [layer]}):
            loss = rwkeras.RandomPerceptualLoss(width=0.25, **given)
            distances = [loss(tf.roll(patches, shift, 0), patches) for shift in (1, 3, 5, 7)]
            assert 0.5 < np.mean(distances) < 2
