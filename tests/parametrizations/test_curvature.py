import numpy as np
import pytest
import tensorflow as tf

from rwkeras.networks.features import feature_extractor
from rwkeras.objectives.objective import Objective, Term, content_term, texture_term, tv_term
from rwkeras.parametrizations.curvature import power_spectrum, random_gradient
from rwkeras.parametrizations.rings import rings
from rwkeras.random import stateless_normal


def linear(images):
    """A layer that triples the red, and one that is blind to all but the mean."""
    scale = tf.constant([3.0, 1.0, 1.0])
    return {"sharp": images * scale, "blurred": tf.reduce_mean(images, (1, 2))}


def covariance(objective, images, count=400):
    gradients = [random_gradient(objective, linear, images, seed) for seed in range(count)]
    rows = np.stack([g.numpy().ravel() for g in gradients])
    return rows.T @ rows / count


@pytest.mark.slow
def test_covariance_is_the_hessian_of_a_quadratic():
    image = stateless_normal((1, 2, 2, 3), 1)
    objective = 0.7 * content_term("sharp", linear(image)["sharp"]) + content_term(
        "blurred", linear(image)["blurred"]
    )
    with tf.GradientTape() as outer:
        outer.watch(image)
        with tf.GradientTape() as inner:
            inner.watch(image)
            loss = tf.add_n(list(objective(linear(image)).values()))
        gradient = inner.gradient(loss, image)
    hessian = outer.jacobian(gradient, image).numpy().reshape(12, 12)
    np.testing.assert_allclose(covariance(objective, image), hessian, atol=0.25 * hessian.max())
    np.testing.assert_allclose(np.trace(covariance(objective, image)), np.trace(hessian), rtol=0.1)


@pytest.mark.slow
def test_texture_terms_have_the_gauss_newton_hessian():
    image = stateless_normal((1, 2, 3, 3), 2)
    objective = texture_term("sharp", linear(image)["sharp"])
    with tf.GradientTape() as tape:
        tape.watch(image)
        features = linear(image)["sharp"]
        flat = tf.reshape(features, [6, 3])
        gram = tf.linalg.matmul(flat, flat, transpose_a=True) / 6
    jacobian = tape.jacobian(gram, image).numpy().reshape(9, 18)
    # The loss is a mean over the N^2 = 9 entries, divided by 4.
    expected = jacobian.T @ jacobian / (2 * 9)
    got = covariance(objective, image, 1500)
    np.testing.assert_allclose(got, expected, atol=0.15 * expected.max())


def test_weights_scale_it_and_terms_without_a_target_do_not_count(toy, batch):
    extractor = feature_extractor(toy, ["conv1_1"])
    term = content_term("conv1_1", extractor(batch)["conv1_1"])

    def gradient(objective):
        return random_gradient(objective, extractor, batch, 5)

    np.testing.assert_allclose(gradient(4.0 * term), 2 * gradient(term), rtol=1e-4)
    np.testing.assert_array_equal(gradient(term + 3.0 * tv_term()), gradient(term))
    assert not gradient(tv_term()).numpy().any()


def test_members_of_a_batch_are_as_if_alone(toy, batch):
    extractor = feature_extractor(toy, ["conv2_1"])
    together = content_term("conv2_1", extractor(batch)["conv2_1"])
    both = random_gradient(together, extractor, batch, 1)
    alone = content_term("conv2_1", extractor(batch[1:])["conv2_1"])
    one = random_gradient(alone, extractor, batch[1:], 1)
    np.testing.assert_allclose(both[1], one[0], rtol=1e-4, atol=1e-6)


def test_a_target_for_all_members(toy, batch):
    extractor = feature_extractor(toy, ["conv1_1"])
    features = extractor(batch)["conv1_1"]
    one = content_term("conv1_1", features[:1])
    all_ = content_term("conv1_1", tf.repeat(features[:1], 2, axis=0))
    np.testing.assert_array_equal(
        random_gradient(one, extractor, batch, 1), random_gradient(all_, extractor, batch, 1)
    )


def test_a_loss_that_ignores_its_target():
    image = tf.ones([1, 2, 2, 3])

    def brightness(features, target):
        return tf.reduce_sum(features, (1, 2, 3))

    ignorant = Objective(Term("brightness", "sharp", brightness, 1.0, image))
    assert not random_gradient(ignorant, linear, image, 0).numpy().any()


def test_power_spectrum_of_noise_is_its_covariance():
    mixing = np.array([[1.0, 0.5, 0], [0.5, 2, 0], [0, 0, 0.1]])
    noise = stateless_normal((1, 64, 48, 3), 7) @ tf.constant(mixing, tf.float32)
    spectrum = power_spectrum(noise).numpy()
    assert spectrum.shape == (1, len(rings(64, 48).sizes), 3, 3)
    means = np.average(spectrum[0], axis=0, weights=rings(64, 48).sizes)
    np.testing.assert_allclose(means, mixing @ mixing, rtol=0.1, atol=0.05)
