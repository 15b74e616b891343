"""Inversion with a natural-image prior (Mahendran and Vedaldi, 2015), for comparison.

The objective is Eq. 5 of that paper:

    ||F(sigma x) - F0||^2 / ||F0||^2 + lambda_alpha R_alpha(x) + lambda_V R_V^beta(x)

There x is an image in [0, 255] minus the mean, divided by sigma, the mean Euclidean norm of such
images. With i in [0, 1], x = 255 (i - mean) / sigma, so that

    lambda_alpha (255 / sigma)^alpha   is the weight of   the sum of |i - mean|^alpha,
    lambda_V (255 / sigma)^beta        is the weight of   the sum over pixels of |grad i|^beta,

and the first term is Eq. 1 of He, Wang and Hopcroft (2016), ||F - F0||^2 / (2 N M), divided by its
value at F = 0.
"""

import math
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.images.batch import as_batch
from rwkeras.networks.alexnet import MEAN_RGB
from rwkeras.networks.features import extract
from rwkeras.objectives.losses import content_loss
from rwkeras.objectives.natural import alpha_norm_term, tv_beta_term
from rwkeras.objectives.objective import Objective, content_term
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.settings import Settings, check_settings, setting
from rwkeras.tasks.synthesis import optimize_image, starting_noise
from rwkeras.validation import invalid_argument

# lambda_V of each layer of CNN-A, from the paper's figures of inverted layers: 1, 10 and 100 times
# 0.5. The deeper a layer, the less it determines the image and the stronger the prior.
_TV_WEIGHTS = {
    **dict.fromkeys(("conv1", "pool1", "norm1", "conv2"), 0.5),
    **dict.fromkeys(("pool2", "norm2", "conv3", "conv4"), 5.0),
    **dict.fromkeys(("conv5", "pool5", "fc6", "fc7", "fc8"), 50.0),
}
# Side in pixels of the images that the paper's constants are for.
_SIZE = 227


@dataclass(frozen=True)
class RegularizedInversionSettings(Settings):
    """Settings of inversion with a prior; the defaults are the paper's constants."""

    layer: str = setting("conv4", "Layer whose activations are matched.")
    alpha: float = setting(6.0, "Exponent of the alpha-norm, at least 1.", minimum=1)
    beta: float = setting(
        2.0,
        "Exponent of the total variation, at least 1; 1 leaves spikes, 2 does not.",
        minimum=1,
    )
    alpha_weight: float = setting(2.16e8, "Weight lambda_alpha of the paper, for alpha = 6.")
    tv_weight: float | None = setting(
        None,
        "Weight lambda_V of the paper, for beta = 2; None for the paper's value for this layer of "
        "CNN-A: 0.5 up to `conv2`, 5 up to `conv4`, 50 from `conv5` on.",
    )
    image_norm: float = setting(
        27098.0,
        "Image norm sigma of the paper, for 227 x 227 pixels in [0, 255] and three channels.",
        exclusive=True,
    )
    noise_stddev: float = setting(
        0.27,
        "Standard deviation of the initial noise, for pixels in [0, 1]. The paper's noise has "
        "norm sigma, which is 27098 / (255 sqrt(3) 227).",
    )
    seed: int = setting(0, "Seed of the initial noise.", minimum=None)


def _tv_weight(settings: RegularizedInversionSettings) -> float:
    if settings.tv_weight is not None:
        return settings.tv_weight
    if settings.layer not in _TV_WEIGHTS:
        raise invalid_argument(
            "tv_weight",
            f"a number for layer '{settings.layer}', as the paper has values only for "
            + ", ".join(_TV_WEIGHTS),
            None,
        )
    return _TV_WEIGHTS[settings.layer]


@eager_only
def regularized_inversion_objective(
    model: keras.Model, source: tf.Tensor, settings: RegularizedInversionSettings
) -> Objective:
    """Returns Eq. 5 of Mahendran and Vedaldi (2015), with target activations from images.

    Args:
        model: A functional `keras.Model`.
        source: The images, float32 RGB in [0, 1], [batch, height, width, 3].
        settings: The layer and the constants.

    Raises:
        ValueError: The images do not fit the model, or the layer is unknown, has zero or non-finite
            activations, or has no default for `tv_weight`.
    """
    features = extract(model, [settings.layer], source)[settings.layer]
    weight = 1 / content_loss(tf.zeros_like(features), features)
    if not bool(tf.reduce_all(tf.math.is_finite(weight) & (weight > 0))):
        raise invalid_argument(
            "image",
            f"an image on which layer '{settings.layer}' has finite, non-zero activations",
            f"a mean square of {(2 / weight).numpy().tolist()}",
        )
    unit = 255 / settings.image_norm
    share = _SIZE**2 / math.prod(source.shape[1:3])
    mean = tuple(value / 255 for value in MEAN_RGB)
    return (
        content_term(settings.layer, features) * weight
        + alpha_norm_term(settings.alpha, mean=mean)
        * (share * settings.alpha_weight * unit**settings.alpha)
        + tv_beta_term(settings.beta) * (share * _tv_weight(settings) * unit**settings.beta)
    )


@eager_only
def invert_regularized(
    model: keras.Model,
    image: Any,
    settings: RegularizedInversionSettings = RegularizedInversionSettings(),
    *,
    optimizer: OptimizerSettings = OptimizerSettings(parametrization="pixels"),
    callback: Callback | None = None,
) -> OptimizationResult:
    """Recovers an image from its activations at one layer with a natural-image prior.

    Minimises Eq. 5 of Mahendran and Vedaldi (2015) from white noise: the relative distance to the
    layer's activations plus an alpha-norm and a total variation of the image. The constants default
    to the paper's. Differences from the paper:

    - The paper uses gradient descent with momentum. Here it is the optimiser of all tasks, over
      pixels by default; custom `optimizer` settings need `parametrization="pixels"`.
    - The paper sums the prior over 227 x 227 pixels. Here the sums are scaled to that number for
      any image size, as the relative distance does not grow with the image either.
    - The paper subtracts the mean image of the training set, here it is the mean colour. The noise
      has mean 0.5.

    Args:
        model: A functional `keras.Model` of RGB images in [0, 1]; in the paper, `alexnet()`.
        image: The source: a path, a Pillow image, or an array or tensor, uint8 in [0, 255] or
            float in [0, 1], [height, width, 3] or a batch of it.
        settings: The layer, the constants and the noise.
        optimizer: Settings of the optimiser.
        callback: Called with a `Progress` at intervals; returns true to stop.

    Returns:
        An `OptimizationResult`, without batch dimension where `image` has none.

    Raises:
        ValueError: An argument is invalid.
    """
    check_settings(settings, RegularizedInversionSettings)
    source = as_batch(image)
    objective = regularized_inversion_objective(model, source.images, settings)
    start = starting_noise(
        objective,
        source.images.shape,
        settings.seed,
        stddev=settings.noise_stddev,
        optimizer=optimizer,
    )
    result = optimize_image(model, objective, start, optimizer=optimizer, callback=callback)
    return result if source.batched else result.unbatched()
