"""Natural-image priors: the regularisers of Mahendran and Vedaldi (2015).

All are pure, batched and differentiable, compute in the dtype of their arguments, and return one
loss per image, shape [batch]. Losses are in the units of the pixels: for pixels in [0, 255] instead
of [0, 1], a loss of exponent p is 255^p times as large.

References:
    Mahendran and Vedaldi (2015), Understanding deep image representations by inverting them,
    CVPR; section 2.2.
"""

from collections.abc import Sequence

import tensorflow as tf

from rwkeras.networks.features import INPUT
from rwkeras.objectives.objective import BoundLoss, Objective, Term
from rwkeras.validation import checked_number, invalid_argument


def alpha_norm(
    images: tf.Tensor, alpha: float = 6.0, mean: float | Sequence[float] = 0.5
) -> tf.Tensor:
    """Returns R_alpha, ||x||_alpha^alpha of x = image - mean: the sum of |x|^alpha.

    With a large exponent, pixels near the mean are hardly penalised, outliers strongly.

    Args:
        images: [batch, height, width, channels].
        alpha: The exponent, at least 1.
        mean: The mean that is subtracted, a number or one per channel.

    Returns:
        The loss of each image, shape [batch].
    """
    distances = tf.abs(images - tf.constant(mean, images.dtype))
    return tf.reduce_sum(distances**alpha, axis=(1, 2, 3))


def tv_beta(images: tf.Tensor, beta: float = 2.0) -> tf.Tensor:
    """Returns R_V^beta, the sum of ((x_i,j+1 - x_ij)^2 + (x_i+1,j - x_ij)^2)^(beta / 2).

    The sum runs over pixels and channels; differences across the border are 0. With beta = 1 this
    is isotropic total variation; with beta = 2 it equals `total_variation`.

    If both differences are 0 and beta < 2, the power has no finite derivative. The gradient is then
    defined as 0, which is the limit for beta > 1 and a subgradient for beta = 1.

    Args:
        images: [batch, height, width, channels].
        beta: The exponent, at least 1.

    Returns:
        The loss of each image, shape [batch].
    """
    down = tf.pad(images[:, 1:] - images[:, :-1], [[0, 0], [0, 1], [0, 0], [0, 0]])
    right = tf.pad(images[:, :, 1:] - images[:, :, :-1], [[0, 0], [0, 0], [0, 1], [0, 0]])
    squares = tf.square(down) + tf.square(right)
    if beta != 2:
        flat = squares == 0
        # Avoid the power of 0: its infinite gradient would give NaN even where `where` drops it.
        powers = tf.where(flat, tf.ones_like(squares), squares) ** (beta / 2)
        squares = tf.where(flat, tf.zeros_like(squares), powers)
    return tf.reduce_sum(squares, axis=(1, 2, 3))


def alpha_norm_term(
    alpha: float = 6.0, *, mean: float | Sequence[float] = 0.5, name: str | None = None
) -> Objective:
    """Returns the `alpha_norm` of the image as an objective.

    Args:
        alpha: The exponent, at least 1.
        mean: Mean of images in [0, 1]: a number, or one per RGB channel.
        name: Name of the term in results; default "alpha_norm/" and the exponent.

    Raises:
        ValueError: An argument is invalid.
    """
    alpha = checked_number("alpha", alpha, minimum=1)
    if isinstance(mean, Sequence):
        if len(mean) != 3:
            raise invalid_argument("mean", "a number or 3 numbers", mean)
        mean = tuple(checked_number("mean", value, minimum=None) for value in mean)
    else:
        mean = checked_number("mean", mean, minimum=None)
    loss = BoundLoss(alpha_norm, (alpha, mean))
    return Objective(Term(name or f"alpha_norm/{alpha:g}", INPUT, loss))


def tv_beta_term(beta: float = 2.0, *, name: str | None = None) -> Objective:
    """Returns the `tv_beta` of the image as an objective.

    Args:
        beta: The exponent, at least 1.
        name: Name of the term in results; default "tv_beta/" and the exponent.

    Raises:
        ValueError: `beta` is not a number of at least 1.
    """
    beta = checked_number("beta", beta, minimum=1)
    return Objective(Term(name or f"tv_beta/{beta:g}", INPUT, BoundLoss(tv_beta, (beta,))))
