"""Curvature of an objective by spatial frequency, estimated from a few random gradients.

A term whose loss is c ||R(x) - R0||^2 has the Gauss-Newton Hessian H = 2 c J^T J, with J the
Jacobian of R at the image x. For white noise u, the vector-Jacobian product sqrt(2 c) J^T u is a
random image whose covariance is H, so its power spectrum estimates H's diagonal over frequencies.
"""

from collections.abc import Mapping

import tensorflow as tf

from rwkeras.objectives.objective import Objective, Term
from rwkeras.parametrizations.filters import transform
from rwkeras.parametrizations.rings import ring_means, ring_smoothing
from rwkeras.random import derive_seed, stateless_normal


def _projection(term: Term, target: tf.Tensor, features: tf.Tensor, seed: int) -> tf.Tensor:
    """Returns sqrt(2 c) <R(x), u> up to its sign and an additive constant, [batch].

    R and c need not be known: the first derivative of the loss with respect to its target is
    2 c (R0 - R), and the second is 2 c.
    """
    shape = [features.shape[0], *target.shape[1:]]
    target = tf.broadcast_to(target, shape)
    noise = stateless_normal(shape[1:], seed)
    axes = list(range(1, len(shape)))
    with tf.GradientTape() as second:
        second.watch(target)
        with tf.GradientTape() as first:
            first.watch(target)
            loss = term._replace(target=target)(features)
        along = tf.reduce_sum(
            first.gradient(loss, target, unconnected_gradients="zero") * noise, axes
        )
    doubled = tf.reduce_sum(
        second.gradient(along, target, unconnected_gradients="zero") * noise, axes
    )
    curvature = tf.stop_gradient(doubled) / tf.reduce_sum(tf.square(noise))
    return tf.math.divide_no_nan(along, tf.sqrt(curvature))


def random_gradient(objective: Objective, extractor, images: tf.Tensor, seed: int) -> tf.Tensor:
    """Returns a random image whose covariance is the objective's Gauss-Newton Hessian.

    Args:
        objective: The terms; those without a target are ignored.
        extractor: A function from images to activations by layer name.
        images: Images at which the Hessian is taken, float32, [batch, height, width, channels].
        seed: Random seed; all images of the batch share the noise.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        features: Mapping[str, tf.Tensor] = extractor(images)
        total = tf.zeros(images.shape[:1])
        for term in objective.terms:
            if term.target is not None:
                stream = derive_seed(seed, "curvature", term.name)
                total += _projection(term, term.target, features[term.layer], stream)
    return tape.gradient(total, images, unconnected_gradients="zero")


def power_spectrum(images: tf.Tensor) -> tf.Tensor:
    """Returns the covariance of colour channels over rings of frequency.

    Rings of few coordinates are smoothed with those above them; see `ring_smoothing`.

    Args:
        images: Random images, [batch, height, width, channels].

    Returns:
        float64, [batch, rings, channels, channels].
    """
    planes = tf.transpose(transform(images), [0, 2, 3, 1])
    products = planes[..., tf.newaxis, :] * planes[..., tf.newaxis]
    means = ring_means(tf.cast(products, tf.float64))
    return tf.einsum("rs,bsij->brij", ring_smoothing(*images.shape[1:3]), means)
