"""Fixed feature extractor: a calibrated VGG with random weights."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from rwkeras.networks.calibrate import mean_activation
from rwkeras.networks.initializers import RandomInitializer
from rwkeras.networks.vgg import MEAN_RGB
from rwkeras.networks.vgg_architecture import Architecture
from rwkeras.perceptual.reference import reference_images
from rwkeras.validation import invalid_argument

_POOLING: dict[str, Callable[..., tf.Tensor]] = {"avg": tf.nn.avg_pool2d, "max": tf.nn.max_pool2d}


class RandomFeatures:
    """Layers of a calibrated VGG with random weights.

    Activations equal those of `rwkeras.vgg19` after `calibrate` on `reference_images`, up to
    rounding. Kernels are constants and layers plain operations: unlike Keras variables, they are
    not trained, placed by a distribution strategy, cast by a dtype policy, or saved with the model
    that the loss trains.

    Attributes:
        layers: Names of the layers.
        references: The images that the network was calibrated on.
        smallest_side: Minimum height and width of images.
    """

    def __init__(
        self,
        architecture: Architecture,
        layers: Sequence[str],
        kernels: Callable[[str], RandomInitializer],
        seed: int,
        *,
        pooling: str,
        subtract_mean: bool,
    ):
        """Draws the kernels up to the deepest layer and divides each by its mean activation.

        Args:
            architecture: An architecture of the VGG family.
            layers: Names of conv layers and poolings.
            kernels: Function from a layer's name to the distribution of its kernel.
            seed: Random seed of the reference images.
            pooling: See `vgg19`.
            subtract_mean: See `vgg19`.

        Raises:
            ValueError: A layer's activations on the reference images vanish or are not finite.
        """
        self.layers = tuple(layers)
        self._pool = _POOLING[pooling]
        # VGG's 255 x - mean without the factor 255, which calibration of the first layer cancels.
        self._offset = np.array(MEAN_RGB) / 255 if subtract_mean else np.zeros(3)
        deepest = max((architecture.layers.index(layer) for layer in layers), default=-1)
        # (name, kernel) of each convolution, (name, None) of each pooling.
        chain: list[tuple[str, tf.Tensor | None]] = []
        inputs = 3
        # On the CPU, as GPU convolutions may round to 10 bits, which would change the weights.
        with tf.device("CPU:0"):
            self.references = reference_images(seed)
            x = self._preprocess(self.references)
            for name, filters in architecture.plan[: deepest + 1]:
                kernel = None
                if filters is not None:
                    kernel = kernels(name)((3, 3, inputs, filters), tf.float32)
                    inputs = filters
                x = self._apply_layer(kernel, x)
                if kernel is not None:
                    scale = mean_activation(x)
                    if not 0 < scale < math.inf:
                        expected = (
                            f"a seed for which '{name}' has finite, non-zero activations on noise"
                        )
                        raise invalid_argument("seed", expected, seed)
                    kernel, x = kernel / scale, x / scale
                chain.append((name, kernel))
        # Moved to the GPU if there is one, so that they are not copied at every step.
        self._chain = [(name, None if k is None else tf.identity(k)) for name, k in chain]
        self.smallest_side = 2 ** sum(kernel is None for _, kernel in self._chain)

    def _preprocess(self, images: tf.Tensor) -> tf.Tensor:
        return images - tf.constant(self._offset, images.dtype)

    def _apply_layer(self, kernel: tf.Tensor | None, x: tf.Tensor) -> tf.Tensor:
        if kernel is None:
            return self._pool(x, 2, 2, "VALID")
        return tf.nn.relu(tf.nn.conv2d(x, tf.cast(kernel, x.dtype), 1, "SAME"))

    def __call__(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the activations by layer name, in the dtype of the images.

        Args:
            images: Floating-point RGB in [0, 1], [batch, height, width, 3].
        """
        features = {}
        x = self._preprocess(images)
        for name, kernel in self._chain:
            x = self._apply_layer(kernel, x)
            features[name] = x
        return {name: features[name] for name in self.layers}
