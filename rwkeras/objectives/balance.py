"""Layer weights of Eq. 4 and 8, which normalise the gradient of every layer."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.cache import CACHE
from rwkeras.compiled import Compiled, signature
from rwkeras.networks.features import (
    INPUT,
    SilentNetworkError,
    check_image_shape,
    feature_extractor,
)
from rwkeras.objectives.objective import Objective
from rwkeras.validation import check_choice, invalid_argument

_PIXELS = (1, 2, 3)

_SIZES: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "mean_absolute": lambda gradient: tf.reduce_mean(tf.abs(gradient), _PIXELS),
    "literal": lambda gradient: tf.abs(tf.reduce_mean(gradient, _PIXELS)),
    "rms": lambda gradient: tf.sqrt(tf.reduce_mean(tf.square(gradient), _PIXELS)),
}
WEIGHTINGS = (*_SIZES, "none")

# What is compiled for one size weighs so much in the cache.
_WEIGHT = 8


def balance(
    model: keras.Model, objective: Objective, images: tf.Tensor, weighting: str = "mean_absolute"
) -> Objective:
    """Multiplies each term that has a target by the weight of Eq. 4 or 8.

    The papers take the gradient of the loss at F(x') = 0, "the maximum possible gradient". Read
    literally, at an image x' whose activations are zero, it vanishes or does not exist: the
    gradient of the Gram loss (Eq. 7) has a factor F(x'), and every rectifier is off. Here the
    distance to nothing is taken at the source image x0 instead: with g = d loss(F(x), 0) / dx at
    x = x0, which back-propagates F / (N M) for content and F F^T F / (N M)^2 for texture, the
    weight is the reciprocal of the size of g.

    Args:
        model: A functional `keras.Model`.
        objective: The terms; those without a target are left as they are.
        images: The source x0, float32 RGB in [0, 1], [batch, height, width, 3].
        weighting: How the size of g is taken over pixels and channels. "mean_absolute" is the
            mean of |g|. "literal" is |mean of g| as the papers print it, in which signs cancel:
            several times smaller, and fickle. "rms" is the root mean square. "none" leaves the
            weights alone.

    Returns:
        The objective with weights of shape [batch].

    Raises:
        ValueError: `weighting` is unknown, the images do not fit the model, or a gradient has
            no size that could be inverted. In a graph the last goes unnoticed here: the weight is
            not finite, and an optimiser that starts from it fails.
    """
    check_choice("weighting", weighting, WEIGHTINGS)
    if weighting == "none":
        return objective
    check_image_shape(feature_extractor(model, objective.layers), images.shape)
    arguments = tf.cast(images, tf.float32), objective.data
    sizes = _sizes_function(model, objective, weighting, arguments)
    weights = {}
    for name, size in sizes(*arguments).items():
        weights[name] = 1 / size
        usable = tf.reduce_all(tf.math.is_finite(weights[name]) & (size > 0))
        if tf.executing_eagerly() and not bool(usable):
            layer = next(term.layer for term in objective.terms if term.name == name)
            expected = (
                f"a network whose layer '{layer}' answers to the image with a gradient that is "
                "finite and not zero (`calibrate` may help)"
            )
            found = f"'{model.name}' with a gradient of size {size.numpy().tolist()}"
            raise invalid_argument("model", expected, found, SilentNetworkError)
    return Objective(
        *(
            term._replace(weight=term.weight * weights[term.name]) if term.name in weights else term
            for term in objective.terms
        )
    )


def _sizes_function(
    model: keras.Model, objective: Objective, weighting: str, arguments: tuple[tf.Tensor, Any]
) -> Callable[..., Any]:
    """Returns what gives gradients' sizes of images and data, compiled at most once for a model.

    Args:
        model: See `balance`, as for the objective and the weighting.
        objective: The terms.
        weighting: How the size is taken.
        arguments: Images and data of the sizes that it will be called with.
    """
    structure = objective.structure
    extractor = feature_extractor(model, objective.layers)

    def function(images, data):
        return _gradient_sizes(extractor, structure.with_data(data), images, weighting)

    if not tf.executing_eagerly():  # It is part of another graph, which may have other weights.
        return function
    # A graph, from which the gradients by the kernels are pruned: eagerly, a convolution computes
    # its own with that by the image, and of large filters it is the slower by far.
    key = "balance", structure, weighting, signature(arguments)
    return CACHE.get(model, key, lambda: Compiled(function), lambda _: _WEIGHT)


def _gradient_sizes(
    extractor: keras.Model, objective: Objective, images: tf.Tensor, weighting: str
) -> dict[str, tf.Tensor]:
    """Returns the sizes of the gradients of the terms that have a target, [batch], by name."""
    targeted = [term for term in objective.terms if term.target is not None]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        features = {name: tf.cast(x, tf.float32) for name, x in extractor(images).items()}
        features[INPUT] = images
        losses = {
            term.name: term.loss(features[term.layer], tf.zeros_like(term.target))
            for term in targeted
        }
    return {name: _SIZES[weighting](tape.gradient(loss, images)) for name, loss in losses.items()}
