"""Batched test functions with known minima, for rows of any float dtype."""

import numpy as np
import scipy.optimize
import tensorflow as tf


def rosenbrock(x):
    return tf.reduce_sum(100 * tf.square(x[:, 1:] - x[:, :-1] ** 2) + tf.square(1 - x[:, :-1]), 1)


def himmelblau(x):
    a, b = x[:, 0], x[:, 1]
    return tf.square(a * a + b - 11) + tf.square(a + b * b - 7)


def quadratic(x):
    """Ill-conditioned quadratic: curvatures from 1 to 10^4, minimum 0 at 1."""
    curvatures = tf.constant(np.geomspace(1, 1e4, x.shape[1]), x.dtype)
    return tf.reduce_sum(curvatures * tf.square(x - 1), 1) / 2


def with_gradient(function):
    """Returns a function that maps rows to values and gradients."""

    def value_and_gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        return value, tape.gradient(value, x)

    return value_and_gradient


def scipy_lbfgs(function, start, memory, iterations):
    """Returns SciPy's result for one row, in float64."""
    compiled = tf.function(with_gradient(function), autograph=False)

    def scalar(x):
        value, gradient = compiled(tf.constant(x[np.newaxis]))
        return float(value[0]), gradient[0].numpy()

    options = {"maxcor": memory, "maxiter": iterations, "ftol": 0, "gtol": 1e-12, "maxfun": 10**6}
    return scipy.optimize.minimize(scalar, start, jac=True, method="L-BFGS-B", options=options)
