"""Image metrics: PSNR, SSIM, patch distance and others."""

import math

import numpy as np
import tensorflow as tf

from rwkeras.eager import eager_only
from rwkeras.random import derive_seed, stateless_normal
from rwkeras.validation import checked_number, checked_seed, invalid_argument

_SSIM_WINDOW = 11


def _pair(image: np.ndarray, reference: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns both images as float32 [batch, height, width, channels], of equal shape."""
    pair = [tf.convert_to_tensor(array, tf.float32) for array in (image, reference)]
    if pair[0].shape != pair[1].shape or pair[0].shape.rank not in (3, 4):
        raise invalid_argument(
            "image",
            f"[height, width, channels] or a batch of it, of the reference's shape {pair[1].shape}",
            tuple(pair[0].shape),
        )
    first, second = (x if x.shape.rank == 4 else x[tf.newaxis] for x in pair)
    return first, second


@eager_only
def mean_euclidean_distance(image: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Returns the mean over positions of the Euclidean distance over channels.

    The papers plot an "average Euclidean distance" without a formula. The definition here, for
    images and feature maps alike, is mean_k sqrt(sum_i (F_ik - F0_ik)^2).

    Args:
        image: [height, width, channels] or a batch of it; images are in [0, 1].
        reference: The same shape.

    Returns:
        One float32 per image, shape [batch].
    """
    image, reference = _pair(image, reference)
    return tf.reduce_mean(tf.norm(image - reference, axis=-1), axis=(1, 2)).numpy()


@eager_only
def psnr(image: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Returns the peak signal-to-noise ratio in dB, -10 log10 of the mean squared difference.

    Args:
        image: float RGB in [0, 1], [height, width, 3] or a batch of it.
        reference: The same shape.

    Returns:
        One float32 per image, shape [batch]; infinite where the images are equal.
    """
    first, second = _pair(image, reference)
    equal = tf.reduce_all(first == second, axis=(1, 2, 3))
    # Equal images are replaced, as `tf.debugging.enable_check_numerics` would reject infinity.
    shown = tf.where(equal[:, tf.newaxis, tf.newaxis, tf.newaxis], first + 1, second)
    return np.where(equal, np.float32(np.inf), tf.image.psnr(first, shown, max_val=1.0))


@eager_only
def ssim(image: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Returns the structural similarity index (Wang et al., 2004), 1 for equal images.

    The window is the usual 11 x 11 Gaussian with standard deviation 1.5, reduced to the shorter
    side of smaller images.

    Args:
        image: float RGB in [0, 1], [height, width, 3] or a batch of it.
        reference: The same shape.

    Returns:
        One float32 per image, shape [batch].
    """
    image, reference = _pair(image, reference)
    window = min(_SSIM_WINDOW, *image.shape[1:3])
    return tf.image.ssim(image, reference, max_val=1.0, filter_size=window).numpy()


def _projected_quantiles(images: tf.Tensor, directions: tf.Tensor, quantiles: int) -> tf.Tensor:
    """Returns quantiles of all patches along each direction, [batch, quantiles, directions].

    Patches are projected by a convolution whose kernels are the directions.
    """
    projected = tf.nn.conv2d(images, directions, strides=1, padding="VALID")
    flat = tf.reshape(projected, [projected.shape[0], -1, projected.shape[3]])
    ordered = tf.sort(flat, axis=1)
    count = ordered.shape[1]
    position = (tf.range(quantiles, dtype=tf.float32) + 0.5) / quantiles * count - 0.5
    position = tf.clip_by_value(position, 0, count - 1)
    low = tf.floor(position)
    share = (position - low)[:, tf.newaxis]
    below = tf.gather(ordered, tf.cast(low, tf.int32), axis=1)
    above = tf.gather(ordered, tf.cast(tf.math.ceil(position), tf.int32), axis=1)
    return (1 - share) * below + share * above


@eager_only
def patch_distance(
    texture: np.ndarray,
    reference: np.ndarray,
    *,
    patch_size: int = 7,
    directions: int = 128,
    quantiles: int = 1024,
    seed: int = 0,
) -> np.ndarray:
    """Returns the multi-scale sliced Wasserstein distance between the patches of two textures.

    At each scale of a pyramid (halved by averaging 2 x 2 pixels while the shortest side stays at
    least twice `patch_size`), all patches are projected on random unit directions. The distance
    along a direction is the root mean square difference of the quantiles of both sets, which is
    the 2-Wasserstein distance in one dimension. The result is the mean over directions and scales
    (after Karras et al., 2018, who use Laplacian pyramids and the 1-Wasserstein distance). The
    sizes of the two images may differ.

    Args:
        texture: float RGB in [0, 1], [height, width, channels] or a batch of it.
        reference: The same, of any height and width; a batch of equal size, or of one.
        patch_size: Height and width of a patch, in pixels.
        directions: The number of random projections.
        quantiles: The number of quantiles compared.
        seed: The seed of the projections.

    Returns:
        One float32 per image, shape [batch]; 0 for equal images.

    Raises:
        ValueError: An image is smaller than a patch, or the channels differ.
    """
    patch_size = checked_number("patch_size", patch_size, integer=True, minimum=1)
    directions = checked_number("directions", directions, integer=True, minimum=1)
    quantiles = checked_number("quantiles", quantiles, integer=True, minimum=1)
    seed = checked_seed(seed)
    images = [tf.convert_to_tensor(array, tf.float32) for array in (texture, reference)]
    images = [x if x.shape.rank == 4 else x[tf.newaxis] for x in images]
    sides = [side for x in images for side in x.shape[1:3]]
    channels = images[1].shape[3]
    if min(sides) < patch_size or images[0].shape[3] != channels:
        raise invalid_argument(
            "texture",
            f"images of at least {patch_size} x {patch_size} pixels with the same number of "
            "channels",
            f"{tuple(images[0].shape)} and {tuple(images[1].shape)}",
        )
    size = [patch_size * patch_size * channels, directions]
    kernels = stateless_normal(size, derive_seed(seed, "directions"))
    kernels = tf.math.l2_normalize(kernels, axis=0)
    kernels = tf.reshape(kernels, [patch_size, patch_size, channels, directions])
    scales = 1 + max(0, int(math.log2(min(sides) / (2 * patch_size))))
    distances = []
    for _ in range(scales):
        first, second = (_projected_quantiles(x, kernels, quantiles) for x in images)
        squares = tf.reduce_mean(tf.math.squared_difference(first, second), axis=1)
        distances.append(tf.reduce_mean(tf.sqrt(squares), axis=1))
        images = [tf.nn.avg_pool2d(x, 2, 2, "VALID") for x in images]
    return tf.reduce_mean(tf.stack(distances), axis=0).numpy()


def seam_ratio(image: np.ndarray) -> np.ndarray:
    """Returns the ratio of squared differences across the seams of a tiled image to those inside.

    The numerator compares the last row with the first and the last column with the first, the
    denominator neighbouring rows and columns:

        (mean (x_last row - x_first row)^2 + mean (x_last column - x_first column)^2)
        / (mean (x_row + 1 - x_row)^2 + mean (x_column + 1 - x_column)^2).

    Args:
        image: float, [height, width, channels] or a batch of it, of at least 2 x 2 pixels.

    Returns:
        One float64 per image, shape [batch]: about 1 without a seam, larger with one, and about
        the variance over half the mean squared difference of neighbours where opposite borders
        are uncorrelated. 1 for an image of one colour.

    Raises:
        ValueError: The rank is neither 3 nor 4, or a side has fewer than 2 pixels.
    """
    images = np.asarray(image, np.float64)
    if images.ndim not in (3, 4) or min(images.shape[-3:-1]) < 2:
        expected = "[height, width, channels] or a batch of it, of at least 2 x 2 pixels"
        raise invalid_argument("image", expected, images.shape)
    images = images if images.ndim == 4 else images[np.newaxis]
    across, inside = np.zeros(len(images)), np.zeros(len(images))
    for axis in (1, 2):
        first, last = (np.take(images, place, axis) for place in (0, -1))
        across += np.mean(np.square(last - first), axis=(1, 2))
        inside += np.mean(np.square(np.diff(images, axis=axis)), axis=(1, 2, 3))
    return np.divide(across, inside, out=np.ones_like(across), where=inside > 0)
