"""Fixed feature extractor: the multi-scale network with random weights."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from rwkeras.networks.initializers import RandomInitializer, get_initializer
from rwkeras.networks.multiscale import (
    BANK_SIZES,
    BIAS_STDDEV,
    FILTERS,
    JOINT,
    LEVELS,
    OFFSET,
    bias_distribution,
    kernel_distribution,
    multiscale_layers,
)
from rwkeras.networks.octaves import pyramid_reduce
from rwkeras.networks.standardize import ConstantResponsesError, standardized
from rwkeras.perceptual.reference import reference_images
from rwkeras.validation import invalid_argument

# Layer names, in forward order.
LAYERS = (*multiscale_layers(), JOINT)


class _Bank(NamedTuple):
    """Filters of one size at one level, and their biases."""

    kernel: tf.Tensor
    bias: tf.Tensor


class MultiscaleFeatures:
    """Layers of the multi-scale network with random weights, standardised on noise.

    Activations equal those of `rwkeras.multiscale` after `standardize` on `reference_images`, up to
    rounding. Weights are constants, for the reasons given in `RandomFeatures`.

    Attributes:
        layers: Names of the layers.
        references: The images that the filters were standardised on.
        smallest_side: Minimum height and width of images.
    """

    def __init__(
        self,
        layers: Sequence[str],
        initializer: str | RandomInitializer,
        seed: int,
        *,
        filters: int = FILTERS,
    ):
        """Draws and standardises the banks up to the coarsest level needed.

        Args:
            layers: Names from `LAYERS`.
            initializer: Distribution of the kernels: a name in `INITIALIZERS` or a distribution,
                whose own seed is ignored.
            seed: Random seed of the weights and the reference images.
            filters: Number of maps per filter size.

        Raises:
            ValueError: A filter's responses to the reference images are constant or not finite.
        """
        self.layers = tuple(layers)
        levels = max((min(LAYERS.index(layer) + 1, LEVELS) for layer in layers), default=0)
        self.smallest_side = 1 if levels < 2 else 2
        distribution = get_initializer(initializer, seed)
        pyramid = []
        # On the CPU, as GPU convolutions may round to 10 bits, which would change the weights.
        with tf.device("CPU:0"):
            self.references = reference_images(seed)
            x = self.references + OFFSET
            for level in range(levels):
                x = pyramid_reduce(x) if level else x
                banks = []
                for size in BANK_SIZES:
                    name = f"conv{level}_1_{size}"
                    kernel = kernel_distribution(distribution, name, size < max(BANK_SIZES))
                    drawn = kernel((size, size, 3, filters), tf.float32)
                    thresholds = bias_distribution(BIAS_STDDEV, seed, name).draw((filters,))
                    responses = tf.nn.conv2d(x, drawn, 1, "SAME")
                    try:
                        banks.append(standardized(drawn.numpy(), thresholds, responses))
                    except ConstantResponsesError as error:
                        expected = (
                            "a seed for which all filters have finite, non-zero responses to noise"
                        )
                        raise invalid_argument("seed", expected, seed) from error
                pyramid.append(banks)
        # Moved to the GPU if there is one, so that they are not copied at every step.
        self._pyramid = [[_Bank(*map(tf.constant, bank)) for bank in banks] for banks in pyramid]

    def __call__(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the maps by layer name, in the dtype of the images.

        Args:
            images: Floating-point RGB in [0, 1], [batch, height, width, 3].
        """
        features = {}
        x = images + tf.constant(OFFSET, images.dtype)
        for level, (name, banks) in enumerate(
            zip(multiscale_layers(), self._pyramid, strict=False)
        ):
            x = pyramid_reduce(x) if level else x
            maps = [
                tf.nn.conv2d(x, tf.cast(bank.kernel, x.dtype), 1, "SAME")
                + tf.cast(bank.bias, x.dtype)
                for bank in banks
            ]
            features[name] = tf.nn.relu(tf.concat(maps, axis=-1))
        if JOINT in self.layers:
            features[JOINT] = _joint(list(features.values()))
        return {name: features[name] for name in self.layers}


def _joint(levels: Sequence[tf.Tensor]) -> tf.Tensor:
    """Returns the maps of all levels on the grid of the coarsest, as in `rwkeras.multiscale`."""
    joint = levels[0]
    for level in levels[1:]:
        joint = tf.concat([tf.nn.avg_pool2d(joint, 2, 2, "SAME"), level], axis=-1)
    return joint
