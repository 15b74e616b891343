"""Mean and covariance of a layer's activation vectors, as separate statistics.

A Gram matrix is C + m m^T with the mean m and the covariance C. For rectified maps m m^T is by far
the larger part, so differences in C contribute little to differences in G and an optimiser reduces
them last. Here the two are compared separately.

References:
    Heeger and Bergen (1995), Pyramid-based texture analysis/synthesis: means and variances.
    Li, Fang, Yang, Wang, Lu and Yang (2017), Universal style transfer via feature transforms:
    means and covariances of a layer instead of its Gram matrix.
"""

import tensorflow as tf

from rwkeras.objectives.losses import gram_matrix
from rwkeras.objectives.objective import Objective, Term


def moments(features: tf.Tensor) -> tf.Tensor:
    """Returns the mean and the covariance of a layer's activation vectors.

        m_i = sum_k F_ik / M,    C_ij = sum_k (F_ik - m_i) (F_jk - m_j) / M.

    Args:
        features: Activations F, [batch, ..., N].

    Returns:
        [batch, 1 + N, N]: the mean in the first row, the covariance in the others.
    """
    axes = list(range(1, features.shape.rank - 1))
    mean = tf.reduce_mean(features, axis=axes, keepdims=True)
    row = tf.reshape(mean, [-1, 1, features.shape[-1]])
    # Centre first: G - m m^T would suffer from cancellation.
    return tf.concat([row, gram_matrix(features - mean)], axis=1)


def covariance_loss(features: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Returns ||m - m0||^2 / N + ||C - C0||^2 / (4 N^2).

    The second part is Eq. 6 for maps minus their means. The first is a mean over maps, the second
    over pairs of maps, so that neither grows with N. Both have similar magnitude if maps have a
    variance of about 1, as after `standardize` or `calibrate`.

    Args:
        features: Activations F, [batch, ..., N].
        target: The source's `moments`, [batch or 1, 1 + N, N].

    Returns:
        The loss of each image, shape [batch].
    """
    squares = tf.math.squared_difference(moments(features), target)
    means, covariances = squares[:, 0], squares[:, 1:]
    return tf.reduce_mean(means, axis=1) + tf.reduce_mean(covariances, axis=(1, 2)) / 4


def moments_term(layer: str, features: tf.Tensor, *, name: str | None = None) -> Objective:
    """Returns the `covariance_loss` between a layer and the moments of a source's activations.

    Args:
        layer: The layer's name.
        features: The source's activations, [batch or 1, ..., N], of any size.
        name: Name of the term in results; default "moments/" and the layer.
    """
    return Objective(
        Term(name or f"moments/{layer}", layer, covariance_loss, 1.0, moments(features))
    )
