import numpy as np
from PIL import Image

from rwkeras.images.alpha import over_white, resized_alpha, unblend_white
from rwkeras.images.reading import resize
from tests.conftest import waves


def random_alpha(*shape):
    return np.random.default_rng(0).uniform(0.2, 1, shape).astype(np.float32)


def test_over_white():
    colours, alpha = waves(6, 5), random_alpha(6, 5)
    expected = colours.astype(np.float64) * alpha[..., None] + (1.0 - alpha[..., None])
    np.testing.assert_allclose(over_white(colours, alpha), expected, atol=1e-6)


def test_off_white_undoes_it():
    colours, alpha = waves(6, 5), random_alpha(6, 5)
    found = unblend_white(over_white(colours, alpha), alpha)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, colours, atol=1e-5)


def test_unblending_at_zero_alpha_and_out_of_range():
    image = np.full((1, 3, 3), 0.25, np.float32)
    found = unblend_white(image, np.array([[0.0, 0.5, 1.0]], np.float32))
    # 0.25 is darker than what black looks like on white at half opacity.
    np.testing.assert_array_equal(found[0, :, 0], [0.25, 0, 0.25])


def test_resampled_colours_are_those_of_premultiplied_resampling():
    colours, alpha = waves(16, 12), random_alpha(16, 12)
    alpha[:8] = 0
    colours[:8] = 0  # Black where nothing is seen would darken the edge.
    small = resized_alpha(alpha, (8, 6))
    found = unblend_white(resize(over_white(colours, alpha), (6, 8)), small)
    premultiplied = np.stack(
        [
            np.asarray(Image.fromarray(channel).resize((6, 8), Image.Resampling.LANCZOS))
            for channel in np.moveaxis(colours * alpha[..., None], 2, 0)
        ],
        axis=2,
    )
    seen = small > 0.05
    expected = np.clip(premultiplied[seen] / small[seen][:, None], 0, 1)
    np.testing.assert_allclose(found[seen], expected, atol=1e-4)


def test_an_alpha_channel_of_the_size_stays():
    alpha = random_alpha(4, 5)
    np.testing.assert_array_equal(resized_alpha(alpha, (4, 5)), alpha)
    larger = resized_alpha(np.eye(4, dtype=np.float32), (9, 7))
    assert larger.shape == (9, 7)
    assert larger.dtype == np.float32
    assert larger.min() >= 0
    assert larger.max() <= 1
