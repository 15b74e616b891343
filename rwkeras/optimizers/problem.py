"""Optimisation problems: objective, coordinates and limits."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.parametrizations.filters import apply_filters
from rwkeras.parametrizations.parametrization import adaptive_filter, fourier_filter
from rwkeras.parametrizations.rings import rings

# Stands for no limit: more iterations, evaluations or trials than any run makes.
UNBOUNDED = 2**31 - 1
# Maps positions, [batch, n], to losses, [batch], and gradients, [batch, n].
ValueAndGradient = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class Problem(NamedTuple):
    """An objective as functions of images, float32 [batch, height, width, 3], and of data.

    Attributes:
        losses: For each precision, "float32" and optionally "bfloat16", a function that maps images
            and data to the weighted terms by name, each float32, [batch]. It is traced. An optional
            method `value_and_gradient` of the same arguments returns the terms and the gradient of
            their sum with respect to the images, in place of automatic differentiation.
        random_gradients: For each precision, a function that maps images, data and a seed to a
            random image whose covariance is the objective's Hessian; empty if unavailable. See
            `rwkeras.parametrizations.curvature`.
        correct: Maps images and data to corrected data for the bfloat16 functions, with which these
            agree with the float32 functions at the images.
    """

    losses: Mapping[str, Callable[[tf.Tensor, Any], Mapping[str, tf.Tensor]]]
    random_gradients: Mapping[str, Callable[[tf.Tensor, Any, int], tf.Tensor]] = {}
    correct: Callable[[tf.Tensor, Any], Any] = lambda images, data: data


class Coordinates(NamedTuple):
    """Linear image coordinates: image = origin + filtered(coordinates).

    Attributes:
        origin: Images whose coordinates are zero, float32, [batch, height, width, 3].
        filters: See `apply_filters`.
    """

    origin: tf.Tensor
    filters: tf.Tensor | None

    def images(self, position: tf.Tensor) -> tf.Tensor:
        """Returns the images of positions, [batch, n]."""
        return self.origin + self.change(position)

    def change(self, position: tf.Tensor) -> tf.Tensor:
        """Returns the change of the images for a change of position, [batch, n]."""
        return apply_filters(self.filters, tf.reshape(position, tf.shape(self.origin)))

    def length(self, position: tf.Tensor) -> tf.Tensor:
        """Returns the root mean square of `change` over pixels and channels, [batch]."""
        change = self.change(position)
        largest = tf.reduce_max(tf.abs(change), (1, 2, 3), keepdims=True)
        squares = tf.square(tf.math.divide_no_nan(change, largest))
        return largest[:, 0, 0, 0] * tf.sqrt(tf.reduce_mean(squares, (1, 2, 3)))


def make_coordinates(
    images: tf.Tensor,
    curvature: tf.Tensor | None,
    degrees_of_freedom: float,
    settings: OptimizerSettings,
) -> Coordinates:
    """Returns the coordinates of the settings' parametrisation with given images as origin.

    Args:
        images: float32, [batch, height, width, 3], of static shape.
        curvature: Curvature of the objective at the images, for "adaptive"; None for zero. See
            `adaptive_filter`.
        degrees_of_freedom: See `adaptive_filter`.
        settings: The optimiser's settings.
    """
    batch, height, width, channels = images.shape
    if settings.parametrization == "pixels":
        return Coordinates(images, None)
    prior = settings.fourier_exponent, settings.decorrelate_colors
    if settings.parametrization == "fourier":
        return Coordinates(images, fourier_filter(height, width, *prior))
    if curvature is None:
        shape = [batch, len(rings(height, width).sizes), channels, channels]
        curvature = tf.zeros(shape, tf.float64)
    return Coordinates(
        images, adaptive_filter(curvature, height, width, *prior, degrees_of_freedom)
    )


class Limits(NamedTuple):
    """Limits of an optimiser; see `lbfgs.advance`.

    Attributes:
        until: Number of iterations after which to return, int32. Members that can continue have
            made at least that many; some may have made more.
        max_iterations: Maximum total number of iterations of a member.
        max_evaluations: Maximum total number of evaluations of a member.
        max_trials: Number of trials in one line search at which its member is suspended.
    """

    until: tf.Tensor | int
    max_iterations: tf.Tensor | int
    max_evaluations: tf.Tensor | int
    max_trials: tf.Tensor | int

    def tensors(self) -> "Limits":
        """Returns the limits as tensors, so that one graph serves all values."""
        return Limits(*(tf.convert_to_tensor(limit) for limit in self))


def total(losses: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Returns the sum of the terms, [batch]."""
    return tf.add_n(list(losses.values()))


def is_finite(value: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    """Returns whether values, [batch], and gradients, [batch, n], are finite, bool, [batch]."""
    return tf.math.is_finite(value) & tf.reduce_all(tf.math.is_finite(gradient), axis=1)


def is_flat(gradient: tf.Tensor) -> tf.Tensor:
    """Returns whether gradients, [batch, n], are zero, bool, [batch]."""
    return tf.reduce_all(gradient == 0, axis=1)


def value_and_gradient(losses, coordinates: Coordinates, data: Any) -> ValueAndGradient:
    """Returns a function that maps positions, [batch, n], to the objective and its gradient."""

    def function(position):
        images = coordinates.images(position)
        value, gradient = _value_and_image_gradient(losses, images, data)
        # The filter is symmetric, so it is its own transpose.
        return value, tf.reshape(apply_filters(coordinates.filters, gradient), tf.shape(position))

    return function


def _value_and_image_gradient(losses, images: tf.Tensor, data: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the objective, [batch], and its gradient with respect to the images."""
    if hasattr(losses, "value_and_gradient"):
        terms, gradient = losses.value_and_gradient(images, data)
        return total(terms), gradient
    with tf.GradientTape() as tape:
        tape.watch(images)
        value = total(losses(images, data))
    return value, tape.gradient(value, images, unconnected_gradients="zero")
