"""Colour transfer between images (Gatys et al., 2016).

Leon A. Gatys, Matthias Bethge, Aaron Hertzmann and Eli Shechtman, "Preserving Color in Neural
Artistic Style Transfer", arXiv:1606.05897. As in the paper, pixel values are used as stored: they
are neither linearised nor converted by an ICC profile.
"""

from typing import Any

import numpy as np

from rwkeras.images.reading import from_array
from rwkeras.validation import invalid_argument

# Weights of R, G and B in the Y of YIQ and YCbCr (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114])
# The square of one 8-bit level: smaller variances come from rounding and compression.
_LEAST_VARIANCE = 1 / 255**2


def _colours(image: Any, name: str) -> np.ndarray:
    """Returns an image as float64 RGB, [height, width, 3]."""
    pixels = from_array(np.asarray(image), name).astype(np.float64)
    if pixels.ndim != 3 or not pixels.size:
        raise invalid_argument(name, "one image, [height, width, channels]", pixels.shape)
    return pixels


def with_luminance_of(image: Any, reference: Any) -> np.ndarray:
    """Returns an image with its luminance replaced by another's.

    Luminance is the Y of YIQ, Y = 0.299 R + 0.587 G + 0.114 B; the chrominance I and Q is kept.
    As Y contributes equally to R, G and B, the result is x + Y(reference) - Y(x) in each channel.
    With the content image and the stylised image as reference, this is the "luminance-only
    transfer" of Gatys et al. (2016), except that the style was transferred in all colours.

    Args:
        image: Source of chrominance: uint8 in [0, 255] or float in [0, 1], [height, width, 3].
        reference: Source of luminance: the same, of the same size.

    Returns:
        float32 RGB, [height, width, 3], clipped to [0, 1]. Where clipped, the luminance differs
        from the reference's.

    Raises:
        ValueError: One is not an image, or their sizes differ.
    """
    colours, light = _colours(image, "image"), _colours(reference, "reference")
    if colours.shape != light.shape:
        height, width = colours.shape[:2]
        expected = f"an image of the same size, {width} x {height} pixels"
        raise invalid_argument("reference", expected, f"{light.shape[1]} x {light.shape[0]}")
    moved = colours + ((light - colours) @ LUMA)[..., np.newaxis]
    return np.clip(moved, 0, 1).astype(np.float32)


def match_colors(image: Any, reference: Any) -> np.ndarray:
    """Returns an image whose colours have the mean and covariance of another's.

    The linear map x -> A (x - m) + m_ref of Gatys et al. (2016), Section 3, with

        A = S_ref^(1/2) S^(-1/2),

    where S and S_ref are the covariances of R, G and B, so that A S A^T = S_ref. The roots are
    symmetric, as in Image Analogies (Hertzmann et al., 2001); the paper's alternative, the Cholesky
    decomposition, depends on the order of the channels. If colours do not vary in a direction, as
    in a grey image, S^(-1/2) is the pseudoinverse, which adds no variation in that direction.

    Args:
        image: uint8 in [0, 255] or float in [0, 1], [height, width, 3].
        reference: Source of colours: the same, of any size.

    Returns:
        float32 RGB, [height, width, 3], clipped to [0, 1]. The moments are the reference's except
        for clipping and for directions in which `image` does not vary.

    Raises:
        ValueError: One is not an image.
    """
    (colours, mean, covariance), (_, target_mean, target_covariance) = (
        _moments(_colours(picture, name))
        for picture, name in ((image, "image"), (reference, "reference"))
    )
    matrix = _root(target_covariance, 0.5) @ _root(covariance, -0.5)
    moved = (colours - mean) @ matrix.T + target_mean
    return np.clip(moved, 0, 1).astype(np.float32)


def _moments(colours: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the colours unchanged, their mean, [3], and their covariance, [3, 3]."""
    pixels = colours.reshape(-1, 3)
    return colours, pixels.mean(axis=0), np.cov(pixels, rowvar=False, bias=True)


def _root(covariance: np.ndarray, power: float) -> np.ndarray:
    """Returns a power of a covariance, 0 in directions without variance."""
    values, vectors = np.linalg.eigh(covariance)
    varies = values > _LEAST_VARIANCE
    powers = np.where(varies, np.where(varies, values, 1) ** power, 0)
    return (vectors * powers) @ vectors.T
