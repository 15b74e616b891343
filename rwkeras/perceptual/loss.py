"""Perceptual loss of random features, as a `keras.losses.Loss`.

References:
    He, Wang and Hopcroft (2016), A powerful generative model using random weights for the deep
    image representation: Eq. 1 and 6, and the use of random weights.
    Johnson, Alahi and Fei-Fei (2016), Perceptual losses for real-time style transfer and
    super-resolution: perceptual losses for training.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.initializers import RandomInitializer
from rwkeras.objectives.losses import content_loss, gram_matrix, texture_loss
from rwkeras.perceptual.architectures import checked_layer_names, random_features
from rwkeras.perceptual.precision import at_least_float32
from rwkeras.perceptual.targets import checked_targets
from rwkeras.validation import (
    check_choice,
    checked_number,
    checked_seed,
    invalid_argument,
    python_number,
)

Distance = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def _style_distance(features: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    return texture_loss(features, gram_matrix(target))


_DISTANCES: dict[str, Distance] = {"feature": content_loss, "style": _style_distance}


def _reference_distance(distance: Distance, features: tf.Tensor) -> float:
    """Returns the mean distance over all pairs of a batch."""
    shifts = range(1, features.shape[0])
    distances = [distance(features, tf.roll(features, shift, 0)) for shift in shifts]
    return float(tf.reduce_mean(distances))


def _checked_names(name: str, layers: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    """Returns layer names as a tuple; raises `ValueError` unless they are known and distinct."""
    names = () if isinstance(layers, str) else tuple(layers)
    if isinstance(layers, str) or len(set(names)) < len(names):
        raise invalid_argument(name, "different layer names", layers)
    for layer in names:
        check_choice(name, layer, known)
    return names


@keras.saving.register_keras_serializable("rwkeras")
class RandomPerceptualLoss(keras.losses.Loss):
    """Perceptual loss: distances of features and Gram matrices of a random network, and of pixels.

    For each image y' and its target y,

        L = w_f mean_l C_l(y', y) / c_l  +  w_s mean_l T_l(y', y) / t_l  +  w_p mean (y' - y)^2,

        C_l = ||F_l(y') - F_l(y)||^2 / (2 N M),        He, Wang and Hopcroft (2016), Eq. 1,
        T_l = ||G_l(y') - G_l(y)||^2 / (4 N^2),        their Eq. 6,

    with F_l the activations of a layer l of N maps of M positions, and G_l their `gram_matrix`.
    Up to constants these are the feature reconstruction loss and the style reconstruction loss of
    Johnson et al. (2016), with random instead of trained VGG weights. Each layer's weights are
    divided by its mean activation on 16 images of noise with the spectrum of photographs, drawn
    from the seed; see `calibrate`.

    Unlike in both papers, distances are divided by c_l and t_l, the means of C_l and T_l over all
    pairs of the noise images, so that a distance of 1 is that of two unrelated images in any layer
    and layers have equal weight. Layers are averaged, not summed, so that the loss does not grow
    with their number. He et al. weight layers by gradients at the target instead (`balance`),
    Johnson et al. by hand.

    The network is built in the constructor from these arguments, which are all that a saved model
    stores of it. Its weights are constants: they are not trained, and not among the variables of
    any model. Rebuilt on the same machine the loss has the same bits; on another its scale may
    differ in the last digits of float32, as convolutions may round differently.

    Args:
        architecture: "vgg19", "toy_vgg", or "multiscale", which has the layers `level0`, `level1`
            and `joint`, and whose filters are standardised on the noise; see `multiscale`.
        width: Fraction of the filters, in (0, 1]; see `narrow_vgg19`.
        initializer: Distribution of the kernels: a name in `INITIALIZERS` or a distribution, whose
            own seed is ignored. Its standard deviation has no effect.
        seed: Random seed of the weights and the noise. VGG kernels are drawn as by `vgg19`.
        pooling: "avg" or "max", for VGGs.
        subtract_mean: For VGGs; see `vgg19`.
        feature_layers: Layers whose activations are compared, `conv1_1` ... `pool5` for VGGs; may
            be empty. The default is that of Johnson et al. for style transfer; "multiscale" has no
            such layer.
        feature_weight: w_f, at least 0.
        style_layers: Layers whose Gram matrices are compared; may be empty.
        style_weight: w_s, at least 0.
        pixel_weight: w_p, at least 0, for pixels in [0, 1].
        reduction: Reduction over the batch; see `keras.losses.Loss`. "none" gives the loss of each
            image, [batch].
        name: The loss's name.
        dtype: Compute dtype of the network, a name or a policy; images are cast to it. Distances
            are summed in at least float32. None means `keras.config.floatx()`, float32 by default,
            regardless of the policy of trained layers: half-precision activations resolve
            differences between similar images poorly.

    Raises:
        ValueError: An argument is invalid, nothing would be compared, or activations of a layer on
            the noise vanish or are not finite, as may happen with sparse kernels.
    """

    def __init__(
        self,
        architecture: str = "vgg19",
        *,
        width: float = 1.0,
        initializer: str | RandomInitializer = "gaussian",
        seed: int = 0,
        pooling: str = "avg",
        subtract_mean: bool = False,
        feature_layers: Sequence[str] = ("conv2_2",),
        feature_weight: float = 1.0,
        style_layers: Sequence[str] = (),
        style_weight: float = 1.0,
        pixel_weight: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "random_perceptual_loss",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        arguments: dict[str, Any] = {
            "width": python_number(width),
            "pooling": pooling,
            "subtract_mean": python_number(subtract_mean),
        }
        known = checked_layer_names(architecture, **arguments)
        self.architecture = architecture
        self.width = arguments["width"]
        self.initializer = initializer
        self.seed = checked_seed(seed)
        self.pooling = pooling
        self.subtract_mean = arguments["subtract_mean"]
        self.feature_layers = _checked_names("feature_layers", feature_layers, known)
        self.style_layers = _checked_names("style_layers", style_layers, known)
        self.feature_weight = checked_number("feature_weight", feature_weight)
        self.style_weight = checked_number("style_weight", style_weight)
        self.pixel_weight = checked_number("pixel_weight", pixel_weight)
        compared = {
            "feature": self.feature_layers if self.feature_weight else (),
            "style": self.style_layers if self.style_weight else (),
        }
        if not any(compared.values()) and not self.pixel_weight:
            expected = "a number greater than 0, as neither features nor styles are compared"
            raise invalid_argument("pixel_weight", expected, pixel_weight)
        with tf.init_scope():  # Run eagerly, even if the caller is building a graph.
            layers = tuple(dict.fromkeys(compared["feature"] + compared["style"]))
            self._features = random_features(
                architecture, layers, initializer, self.seed, **arguments
            )
            self._factors = self._distance_factors(compared)

    def _distance_factors(
        self, compared: dict[str, tuple[str, ...]]
    ) -> dict[tuple[str, str], float]:
        """Returns the factor of each distance, by (kind, layer)."""
        weights = {"feature": self.feature_weight, "style": self.style_weight}
        factors = {}
        with tf.device("CPU:0"):
            features = self._features(self._features.references)
            for kind, layers in compared.items():
                for layer in layers:
                    mean = _reference_distance(_DISTANCES[kind], features[layer])
                    factors[kind, layer] = weights[kind] / len(layers) / mean
        return factors

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Returns the loss of each image.

        Args:
            y_true: The targets, RGB in [0, 1], [batch or 1, height, width, 3]. If only styles are
                compared, their size may differ from that of `y_pred`.
            y_pred: The images, [batch, height, width, 3]; values outside [0, 1] are allowed.

        Returns:
            [batch], in at least float32.

        Raises:
            ValueError: Shapes are invalid, images are too small for the poolings, or targets are
                not in [0, 1] but, for example, in [0, 255]. The last is a
                `tf.errors.InvalidArgumentError` in a graph, and a loss of NaN under XLA.
        """
        y_true, y_pred = self._checked("y_true", y_true), self._checked("y_pred", y_pred)
        y_true = checked_targets("y_true", y_true)
        same_size = self.pixel_weight or any(kind == "feature" for kind, _ in self._factors)
        if same_size and not y_true.shape[1:].is_compatible_with(y_pred.shape[1:]):
            expected = f"targets of the same size as `y_pred`, {tuple(y_pred.shape[1:3])}"
            raise invalid_argument("y_true", expected, tuple(y_true.shape))
        targets, images = self._features(y_true), self._features(y_pred)
        losses = [
            factor * _DISTANCES[kind](*map(at_least_float32, (images[layer], targets[layer])))
            for (kind, layer), factor in self._factors.items()
        ]
        if self.pixel_weight:
            squares = tf.math.squared_difference(*map(at_least_float32, (y_pred, y_true)))
            losses.append(self.pixel_weight * tf.reduce_mean(squares, (1, 2, 3)))
        return tf.add_n(losses)

    def _checked(self, name: str, images: tf.Tensor) -> tf.Tensor:
        """Returns images with a static channel axis; raises `ValueError` for invalid shapes."""
        needed = [None, None, None, 3]
        if not images.shape.is_compatible_with(needed):
            raise invalid_argument(name, "images, [batch, height, width, 3]", tuple(images.shape))
        images = tf.ensure_shape(images, needed)
        side = self._features.smallest_side
        if any(length is not None and length < side for length in images.shape[1:3]):
            expected = f"images of at least {side} x {side} pixels for these layers"
            raise invalid_argument(name, expected, tuple(images.shape))
        return images

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments as JSON-serialisable values."""
        initializer = self.initializer
        if isinstance(initializer, RandomInitializer):
            initializer = keras.saving.serialize_keras_object(initializer)
        return {
            **super().get_config(),
            "architecture": self.architecture,
            "width": self.width,
            "initializer": initializer,
            "seed": self.seed,
            "pooling": self.pooling,
            "subtract_mean": self.subtract_mean,
            "feature_layers": list(self.feature_layers),
            "feature_weight": self.feature_weight,
            "style_layers": list(self.style_layers),
            "style_weight": self.style_weight,
            "pixel_weight": self.pixel_weight,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "RandomPerceptualLoss":
        """Returns a loss from a result of `get_config`."""
        initializer = config["initializer"]
        if isinstance(initializer, dict):
            initializer = keras.saving.deserialize_keras_object(initializer)
        return cls(**{**config, "initializer": initializer})
