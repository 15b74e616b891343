import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.objectives.natural import alpha_norm, alpha_norm_term, tv_beta, tv_beta_term

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-0.2, 1.2, size=(2, 5, 6, 3))
MEAN = (0.5, 0.4, 0.3)


def numpy_tv_beta(image, beta):
    total = 0.0
    height, width, channels = image.shape
    for y in range(height):
        for x in range(width):
            for c in range(channels):
                down = image[y + 1, x, c] - image[y, x, c] if y + 1 < height else 0.0
                right = image[y, x + 1, c] - image[y, x, c] if x + 1 < width else 0.0
                total += (down**2 + right**2) ** (beta / 2)
    return total


@pytest.mark.parametrize("alpha", [1.0, 2.0, 3.5, 6.0])
def test_alpha_norm(alpha):
    expected = [np.linalg.norm((image - MEAN).ravel(), alpha) ** alpha for image in IMAGES]
    np.testing.assert_allclose(alpha_norm(tf.constant(IMAGES), alpha, MEAN), expected)
    grey = [np.sum(np.abs(image - 0.5) ** alpha) for image in IMAGES]
    np.testing.assert_allclose(alpha_norm(tf.constant(IMAGES), alpha), grey)


@pytest.mark.parametrize("beta", [1.0, 1.5, 2.0, 3.0])
def test_tv_beta(beta):
    expected = [numpy_tv_beta(image, beta) for image in IMAGES]
    np.testing.assert_allclose(tv_beta(tf.constant(IMAGES), beta), expected)


def test_tv_beta_of_2_is_the_total_variation():
    images = tf.constant(IMAGES)
    np.testing.assert_allclose(tv_beta(images), rwkeras.total_variation(images))


LOSSES = {
    **{f"alpha_norm {a}": lambda x, a=a: alpha_norm(x, a, MEAN) for a in (1.0, 2.0, 3.5, 6.0)},
    **{f"tv_beta {b}": lambda x, b=b: tv_beta(x, b) for b in (1.0, 1.5, 2.0, 3.0)},
}


def gradient(loss, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x)
    return tape.gradient(value, x)


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_against_finite_differences(name):
    loss, x = LOSSES[name], tf.constant(IMAGES)
    direction, step = RANDOM.normal(size=IMAGES.shape), 1e-6
    difference = (loss(x + step * direction) - loss(x - step * direction)) / (2 * step)
    expected = np.sum(gradient(loss, x) * direction, axis=(1, 2, 3))
    np.testing.assert_allclose(difference, expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
@pytest.mark.parametrize("exponent", [1.0, 1.5, 2.0, 6.0])
@pytest.mark.parametrize("height", [0.0, 1e-38, 1e-25, 1e-20, 1e-3, 10.0])
def test_gradients_are_finite_everywhere(height, exponent, dtype):
    spot = np.zeros((1, 4, 4, 3))
    spot[0, 1, 2] = height
    x = tf.constant(spot, dtype)
    for loss in (lambda x: alpha_norm(x, exponent, 0.0), lambda x: tv_beta(x, exponent)):
        assert np.isfinite(tf.cast(loss(x), tf.float32)).all()
        assert np.isfinite(tf.cast(gradient(loss, x), tf.float32)).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_flat_grey_image_is_a_minimum(name):
    x = tf.constant(np.tile(MEAN, (2, 4, 5, 1)))
    np.testing.assert_array_equal(LOSSES[name](x), 0)
    np.testing.assert_array_equal(gradient(LOSSES[name], x), 0)


@pytest.mark.parametrize("name", LOSSES)
def test_members_of_a_batch_are_independent(name):
    alone = LOSSES[name](tf.constant(IMAGES[:1]))
    np.testing.assert_array_equal(LOSSES[name](tf.constant(IMAGES))[:1], alone)


def test_beta_of_1_is_as_much_for_a_step_as_for_a_ramp():
    step = np.repeat([0.0, 1.0], 4)[None, None, :, None]
    ramp = np.linspace(0, 1, 8)[None, None, :, None]
    np.testing.assert_allclose(*(tv_beta(tf.constant(x), 1.0) for x in (step, ramp)))
    assert tv_beta(tf.constant(step), 2.0) > tv_beta(tf.constant(ramp), 2.0)


def test_terms():
    images = tf.constant(IMAGES)
    objective = 3 * alpha_norm_term(6, mean=MEAN) + 2 * tv_beta_term(1.5)
    objective += tv_beta_term(1, name="tv")
    losses = objective({"input": images})
    assert list(losses) == ["alpha_norm/6", "tv_beta/1.5", "tv"]
    assert objective.layers == ()
    np.testing.assert_allclose(losses["alpha_norm/6"], 3 * alpha_norm(images, 6, MEAN))
    np.testing.assert_allclose(losses["tv_beta/1.5"], 2 * tv_beta(images, 1.5))
    np.testing.assert_allclose(losses["tv"], tv_beta(images, 1))


def test_terms_of_one_exponent_have_one_structure():
    assert alpha_norm_term(4, mean=[0.5, 0.4, 0.3]) == alpha_norm_term(4, mean=MEAN)
    assert hash(tv_beta_term(1.5)) == hash(2 * tv_beta_term(1.5))
    assert tv_beta_term(1.5, name="a") != tv_beta_term(1, name="a")
    assert alpha_norm_term(4) != alpha_norm_term(4, mean=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: alpha_norm_term(0.5),
            "Invalid value for argument `alpha`. Expected a finite number of at least 1. "
            "Received: alpha=0.5",
        ),
        (
            lambda: tv_beta_term(0.5),
            "Invalid value for argument `beta`. Expected a finite number of at least 1. "
            "Received: beta=0.5",
        ),
        (
            lambda: alpha_norm_term(mean=(0.5, 0.5)),
            "Invalid value for argument `mean`. Expected a number or 3 numbers. "
            "Received: mean=(0.5, 0.5)",
        ),
        (
            lambda: alpha_norm_term(mean="grey"),
            "Invalid value for argument `mean`. Expected a number or 3 numbers. "
            "Received: mean=grey",
        ),
        (
            lambda: alpha_norm_term(mean=(0.5, 0.5, None)),
            "Invalid value for argument `mean`. Expected a finite number. Received: mean=None",
        ),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
