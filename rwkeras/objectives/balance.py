"""Layer weights of Eq. 4 and 8, which normalise the gradient of each layer."""

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

_MAGNITUDES: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "mean_absolute": lambda gradient: tf.reduce_mean(tf.abs(gradient), _PIXELS),
    "literal": lambda gradient: tf.abs(tf.reduce_mean(gradient, _PIXELS)),
    "rms": lambda gradient: tf.sqrt(tf.reduce_mean(tf.square(gradient), _PIXELS)),
}
WEIGHTINGS = (*_MAGNITUDES, "none")

# Estimated cache weight, in MiB, of the function compiled for one image size.
_WEIGHT = 8


def balance(
    model: keras.Model, objective: Objective, images: tf.Tensor, weighting: str = "mean_absolute"
) -> Objective:
    """Multiplies each term that has a target by the weight of Eq. 4 or 8.

    The papers take the gradient of the loss at F(x') = 0, "the maximum possible gradient". Taken
    literally, at an image x' with zero activations, it vanishes or does not exist: the gradient of
    the Gram loss (Eq. 7) has a factor F(x'), and every ReLU is off. Here the gradient of the
    distance to a zero target is taken at the source image x0 instead: with
    g = d loss(F(x), 0) / dx at x = x0, which back-propagates F / (N M) for content and
    F F^T F / (N M)^2 for texture, the weight is the reciprocal of the magnitude of g.

    Args:
        model: A functional `keras.Model`.
        objective: The terms; those without a target are unchanged.
        images: The source x0, float32 RGB in [0, 1], [batch, height, width, 3].
        weighting: Magnitude of g over pixels and channels. "mean_absolute" is the mean of |g|.
            "literal" is |mean of g|, as printed in the papers; signs cancel, so it is several times
            smaller and erratic. "rms" is the root mean square. "none" leaves the weights unchanged.

    Returns:
        The objective with weights of shape [batch].

    Raises:
        ValueError: `weighting` is unknown, the images do not fit the model, or a gradient is zero
            or not finite. The last is not checked in a graph, where the weight is then not finite
            and an optimiser that starts from it fails.
    """
    check_choice("weighting", weighting, WEIGHTINGS)
    if weighting == "none":
        return objective
    check_image_shape(feature_extractor(model, objective.layers), images.shape)
    arguments = tf.cast(images, tf.float32), objective.data
    magnitudes = _magnitude_function(model, objective, weighting, arguments)
    weights = {}
    for name, size in magnitudes(*arguments).items():
        weights[name] = 1 / size
        usable = tf.reduce_all(tf.math.is_finite(weights[name]) & (size > 0))
        if tf.executing_eagerly() and not bool(usable):
            layer = next(term.layer for term in objective.terms if term.name == name)
            expected = (
                f"a network in which the gradient of layer '{layer}' with respect to the image is "
                "finite and non-zero (`calibrate` may help)"
            )
            found = f"'{model.name}' with a gradient of magnitude {size.numpy().tolist()}"
            raise invalid_argument("model", expected, found, SilentNetworkError)
    return Objective(
        *(
            term._replace(weight=term.weight * weights[term.name]) if term.name in weights else term
            for term in objective.terms
        )
    )


def _magnitude_function(
    model: keras.Model, objective: Objective, weighting: str, arguments: tuple[tf.Tensor, Any]
) -> Callable[..., Any]:
    """Returns a function from images and data to gradient magnitudes, cached if compiled.

    Args:
        model: See `balance`.
        objective: See `balance`.
        weighting: See `balance`.
        arguments: Images and data of the shapes that the function will be called with.
    """
    structure = objective.structure
    extractor = feature_extractor(model, objective.layers)

    def function(images, data):
        return _gradient_magnitudes(extractor, structure.with_data(data), images, weighting)

    if not tf.executing_eagerly():  # Part of another graph, which may have other weights.
        return function
    # In a graph, gradients with respect to kernels are pruned. In eager mode a convolution computes
    # them along with the gradient of the image, and for large filters they take far longer.
    key = "balance", structure, weighting, signature(arguments)
    return CACHE.get(model, key, lambda: Compiled(function), lambda _: _WEIGHT)


def _gradient_magnitudes(
    extractor: keras.Model, objective: Objective, images: tf.Tensor, weighting: str
) -> dict[str, tf.Tensor]:
    """Returns the gradient magnitude of each term that has a target, [batch], by name."""
    targeted = [term for term in objective.terms if term.target is not None]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        features = {name: tf.cast(x, tf.float32) for name, x in extractor(images).items()}
        features[INPUT] = images
        losses = {
            term.name: term.loss(features[term.layer], tf.zeros_like(term.target))
            for term in targeted
        }
    return {
        name: _MAGNITUDES[weighting](tape.gradient(loss, images)) for name, loss in losses.items()
    }
