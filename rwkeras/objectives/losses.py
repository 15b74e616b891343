"""Losses of He, Wang and Hopcroft (2016), one function per equation.

All are pure, batched and differentiable, compute in the dtype of their arguments, and return one
loss per image, shape [batch]. N is the number of feature maps of a layer, M the number of positions
of a map.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import tensorflow as tf

from rwkeras.cache import CACHE


def _sum_per_image(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(x, axis=list(range(1, x.shape.rank)))


def content_loss(features: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Returns Eq. 1 without its weight: ||F - F0||^2 / (2 N M).

    Args:
        features: Activations F, [batch, ...].
        target: Activations F0 of the source image, the same shape or a batch of 1.

    Returns:
        The loss of each image, shape [batch].
    """
    squares = tf.math.squared_difference(features, target)
    return tf.reduce_mean(squares, axis=list(range(1, squares.shape.rank))) / 2


def gram_matrix(features: tf.Tensor) -> tf.Tensor:
    """Returns the Gram matrix G_ij = sum_k F_ik F_jk / M of feature maps.

    The paper does not divide by M. As a mean over positions, the matrix does not depend on the
    image size, so a texture can be compared with a source of another size. `texture_loss`
    compensates for the division.

    Args:
        features: Activations F, [batch, ..., N].

    Returns:
        The matrices, [batch, N, N].
    """
    maps = features.shape[-1]
    flat = tf.reshape(features, [tf.shape(features)[0], -1, maps])
    positions = tf.cast(tf.shape(flat)[1], features.dtype)
    dtype = flat.dtype
    products = CACHE.get(None, (_inner_products, dtype), lambda: _inner_products(dtype))(flat)
    return tf.ensure_shape(products, [flat.shape[0], maps, maps]) / positions


def _inner_products(dtype: tf.DType) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns a function from X, [batch, n, k], to X^T X, whose gradient takes one product.

    The gradient is X (U + U^T), for which TensorFlow's automatic gradient takes two products.
    TensorFlow never releases a graph that contains a custom gradient. It is therefore defined in
    one graph per dtype, for any shape, that all other graphs call.
    """

    @tf.custom_gradient
    def inner_products(rows):
        def gradient(upstream):
            return tf.linalg.matmul(rows, upstream + tf.linalg.matrix_transpose(upstream))

        return tf.linalg.matmul(rows, rows, transpose_a=True), gradient

    specification = tf.TensorSpec([None, None, None], dtype)
    function = tf.function(inner_products, input_signature=[specification], autograph=False)

    def differentiated(rows):
        with tf.GradientTape() as tape:
            tape.watch(rows)
            products = function(rows)
        return tape.gradient(products, rows)

    def prepare():
        tf.function(differentiated, autograph=False).get_concrete_function(specification)
        differentiated(tf.zeros([1, 1, 1], dtype))

    # TensorFlow builds the gradient's graph on first use, which fails if two threads do so at once.
    # Build it here, while other threads wait for the cache entry, and in a separate thread, outside
    # the caller's graphs and tapes.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(prepare).result()
    return function


def texture_loss(features: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Returns Eq. 6, ||G - G0||^2 / (4 N^2 M^2) for Gram matrices summed over positions.

    For means over positions, as here, this is ||G - G0||^2 / (4 N^2), which is the same number if
    both images have the same size.

    Args:
        features: Activations F, [batch, ..., N].
        target: The source texture's `gram_matrix` G0, [batch or 1, N, N].

    Returns:
        The loss of each image, shape [batch].
    """
    return gram_loss(gram_matrix(features), target)


def gram_loss(gram: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Returns `texture_loss`, given the image's `gram_matrix`, [batch, N, N]."""
    return tf.reduce_mean(tf.math.squared_difference(gram, target), axis=(1, 2)) / 4


def total_variation(images: tf.Tensor) -> tf.Tensor:
    """Returns R of Eq. 9: the sum of squared differences of neighbouring pixels.

    Args:
        images: [batch, height, width, channels]; the loss is in squared units of the pixels.

    Returns:
        The loss of each image, shape [batch].
    """
    down = tf.square(images[:, 1:] - images[:, :-1])
    right = tf.square(images[:, :, 1:] - images[:, :, :-1])
    return _sum_per_image(down) + _sum_per_image(right)
