import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.objectives.spectrum import spectrum_loss, spectrum_term, spot
from tests.objectives.differences import assert_descends, assert_gradient

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((2, 6, 7, 3))
SOURCE = RANDOM.random((1, 6, 7, 3))


def nearest(image, source):
    """Returns the image nearest to one of those that have a source's spectrum."""
    found, wanted = (np.fft.fft2(x, axes=(0, 1)) for x in (image, source))
    product = np.sum(found * wanted.conj(), axis=2, keepdims=True)
    return np.fft.ifft2(wanted * product / np.abs(product), axes=(0, 1))


def test_loss():
    expected = [np.mean(np.abs(x - nearest(x, SOURCE[0])) ** 2) / 2 for x in IMAGES]
    found = spectrum_loss(tf.constant(IMAGES), tf.constant(SOURCE))
    np.testing.assert_allclose(found, expected)


def test_shifts_and_the_nearest_image_have_the_spectrum():
    rolled = np.roll(SOURCE, (2, 3), (1, 2))
    projected = np.real(nearest(IMAGES[0], SOURCE[0]))
    for image in (rolled, projected[np.newaxis]):
        found = spectrum_loss(tf.constant(image), tf.constant(SOURCE))
        np.testing.assert_allclose(found, [0], atol=1e-25)


def test_colours_are_kept_together():
    """Channels that are shifted apart have each its spectrum, but not that of the colours."""
    apart = SOURCE.copy()
    apart[..., 1] = np.roll(apart[..., 1], 2, axis=1)
    assert spectrum_loss(tf.constant(apart), tf.constant(SOURCE)) > 1e-3


def test_gradient_against_finite_differences():
    assert_gradient(lambda x: spectrum_loss(x, tf.constant(SOURCE)), IMAGES)


@pytest.mark.parametrize(("one", "other"), [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0)])
def test_gradient_is_finite_for_zero_spectra(one, other):
    x, target = (tf.constant(scale * SOURCE, tf.float32) for scale in (one, other))
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = spectrum_loss(x, target)
    expected = np.mean((one - other) ** 2 * SOURCE**2) / 2
    np.testing.assert_allclose(loss, [expected], rtol=1e-5, atol=1e-12)
    assert np.all(np.isfinite(tape.gradient(loss, x)))


def test_term(square):
    objective = spectrum_term(tf.constant(square[np.newaxis]))
    assert [term.name for term in objective.terms] == ["spectrum"]
    assert objective.layers == ()
    assert_descends(rwkeras.toy_vgg(), objective, square.shape[:2], factor=1e-3)


def test_a_spot_has_the_mean_and_the_power(square):
    whole = spot(tf.constant(square[np.newaxis]), 64, 80).numpy()[0]
    assert whole.shape == (64, 80, 3)
    np.testing.assert_allclose(whole[40:], np.broadcast_to(square.mean((0, 1)), (24, 80, 3)), 1e-5)
    power = np.mean((whole - square.mean((0, 1))) ** 2)
    np.testing.assert_allclose(power, np.mean((square - square.mean((0, 1))) ** 2), rtol=0.3)
    same = spot(tf.constant(square[np.newaxis]), 32, 32)
    np.testing.assert_array_equal(same[0], square)


def test_larger_than_the_source(square):
    objective = spectrum_term(tf.constant(square[np.newaxis]), size=(40, 48), name="periods")
    assert [term.name for term in objective.terms] == ["periods"]
    assert_descends(rwkeras.toy_vgg(), objective, (40, 48), factor=1e-2)


def test_another_size_is_refused():
    with pytest.raises(ValueError) as error:
        spectrum_loss(tf.constant(IMAGES[:, :5]), tf.constant(SOURCE))
    assert str(error.value) == (
        "Invalid value for argument `target`. Expected a source of the same size as the images, "
        "(5, 7, 3). Received: target=(6, 7, 3)"
    )


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((6, 6), "a size of at least that of the source, (6, 7). Received: size=(6, 6)"),
        ((6, 7.5), "an integer of at least 1. Received: size=7.5"),
    ],
)
def test_errors(size, message):
    with pytest.raises(ValueError) as error:
        spectrum_term(tf.constant(SOURCE), size=size)
    assert str(error.value) == f"Invalid value for argument `size`. Expected {message}"
