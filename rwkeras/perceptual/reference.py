"""Reference images for calibration of random networks: noise with the spectrum of photographs."""

import numpy as np
import tensorflow as tf

from rwkeras.parametrizations.filters import apply_filters
from rwkeras.parametrizations.parametrization import fourier_filter
from rwkeras.portable import portable_normal
from rwkeras.random import derive_seed

# Side in pixels, large enough that 2 x 2 positions remain after the five poolings of a VGG-19.
_SIZE = 64
_COUNT = 16
# Standard deviations and means of the pixels of each image. With equal means, Gram matrices of
# photographs were five times as far apart as those of the noise.
_CONTRASTS = np.linspace(0.1, 0.4, _COUNT)
_BRIGHTNESSES = np.linspace(0.2, 0.8, _COUNT)[7 * np.arange(_COUNT) % _COUNT]


def reference_images(seed: int) -> tf.Tensor:
    """Returns noise with the power spectrum and colour covariance of photographs; see `covariance`.

    In the layers of a random VGG-19, distances between patches of photographs, by Eq. 1 and by
    Eq. 6, are within a factor of 2 of those between these images.

    Args:
        seed: Random seed.

    Returns:
        float32 RGB in [0, 1], [16, 64, 64, 3].
    """
    white = portable_normal((_COUNT, _SIZE, _SIZE, 3), derive_seed(seed, "reference"))
    natural = fourier_filter(_SIZE, _SIZE, exponent=1.0, decorrelate=True)
    noise = apply_filters(natural, tf.constant(white))
    contrasts, brightnesses = (
        tf.constant(values[:, np.newaxis, np.newaxis, np.newaxis], tf.float32)
        for values in (_CONTRASTS, _BRIGHTNESSES)
    )
    return tf.clip_by_value(brightnesses + contrasts * noise, 0, 1)
