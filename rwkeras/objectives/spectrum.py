"""Fourier spectrum loss, for the periods of a texture (Liu, Gousseau and Xia, 2016).

Filter statistics do not extend beyond the filters, but the modulus of an image's Fourier transform
determines its autocorrelation at all distances: with it, regular textures keep their period and
smooth ones their low frequencies.

References:
    Liu, Gousseau and Xia (2016), Texture synthesis through convolutional neural networks and
    spectrum constraints, ICPR.
    Galerne, Gousseau and Morel (2011), Random phase textures: theory and synthesis: embedding of a
    source as a spot in a larger image.
"""

import numpy as np
import tensorflow as tf

from rwkeras.networks.features import INPUT
from rwkeras.objectives.objective import Objective, Term
from rwkeras.validation import checked_number, invalid_argument

# Fraction of a side over which a spot fades out at each end.
_TAPER = 1 / 8


def _transform(images: tf.Tensor) -> tf.Tensor:
    """Returns the Fourier transform of each channel, complex [batch, channels, height, width]."""
    channels = tf.transpose(images, [0, 3, 1, 2])
    return tf.signal.fft2d(tf.complex(channels, tf.zeros_like(channels)))


def spectrum_loss(images: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Returns half the mean squared distance to the nearest image with a source's spectrum.

    With Fourier transforms written x^, images with the spectrum of x0 have the transform
    e^(i phi) x0^, where the phase phi of each frequency is shared by its channels, which preserves
    colours. The nearest one has the phase of z = <x^, x0^>, the product over channels. By
    Parseval's theorem, with M pixels and C channels,

        L = sum ||x^ - (z / |z|) x0^||^2 / (2 C M^2).

    The gradient is that of Liu et al., (x - nearest) / (C M): as the phases are optimal, their
    dependence on x does not contribute.

    Args:
        images: x, [batch, height, width, channels].
        target: The source x0, of the same size, [batch or 1, height, width, channels].

    Returns:
        The loss of each image, shape [batch].

    Raises:
        ValueError: Source and images differ in size, as far as the sizes are known.
    """
    if not images.shape[1:].is_compatible_with(target.shape[1:]):
        expected = f"a source of the same size as the images, {tuple(images.shape[1:])}"
        raise invalid_argument("target", expected, tuple(target.shape[1:]))
    found, source = _transform(images), _transform(target)
    product = tf.reduce_sum(found * tf.math.conj(source), axis=1, keepdims=True)
    silent = product == 0
    phases = tf.where(silent, tf.ones_like(product), product)
    phases = tf.stop_gradient(tf.sign(phases))
    rest = found - phases * source
    squares = tf.math.real(rest) ** 2 + tf.math.imag(rest) ** 2
    pixels = tf.cast(tf.reduce_prod(tf.shape(images)[1:3]), squares.dtype)
    return tf.reduce_mean(squares, axis=(1, 2, 3)) / (2 * pixels)


def _tukey_window(length: int) -> np.ndarray:
    """Returns weights that rise from 0 to 1 and fall again, with a half cosine at each end."""
    taper = _TAPER * length
    place = np.arange(length) + 0.5
    nearest = np.minimum(np.minimum(place, length - place) / taper, 1)
    return np.sin(np.pi / 2 * nearest) ** 2


def spot(images: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Embeds an image as a spot in a larger image of about the same mean and spectrum.

    The image minus its mean m, faded out towards its borders by weights w, is placed in the top
    left corner of a constant image m, and scaled to the power of a texture that fills the whole:

        x0 = m + w (image - m) sqrt(height width / sum w^2).

    Args:
        images: [batch, h, w, channels].
        height: Output height, at least h.
        width: Output width, at least w.

    Returns:
        [batch, height, width, channels]; `images` unchanged if that is already their size.
    """
    rows, columns = images.shape[1:3]
    if (rows, columns) == (height, width):
        return images
    weights = _tukey_window(rows)[:, np.newaxis] * _tukey_window(columns)
    weights *= np.sqrt(height * width / np.sum(weights**2))
    mean = tf.reduce_mean(images, axis=(1, 2), keepdims=True)
    faded = tf.constant(weights[..., np.newaxis], images.dtype) * (images - mean)
    sides = [[0, 0], [0, height - rows], [0, width - columns], [0, 0]]
    return mean + tf.pad(faded, sides)


def spectrum_term(
    images: tf.Tensor, *, size: tuple[int, int] | None = None, name: str = "spectrum"
) -> Objective:
    """Returns the `spectrum_loss` between the image and a source.

    Args:
        images: The source, float in [0, 1], [batch or 1, height, width, 3].
        size: Height and width of the optimised image, at least the source's; None for the source's
            own. For a larger size the target is the source as a `spot`.
        name: Name of the term in results.

    Raises:
        ValueError: `size` is invalid.
    """
    source = tuple(images.shape[1:3])
    height, width = (
        checked_number("size", side, integer=True, minimum=1)
        for side in (source if size is None else size)
    )
    if height < source[0] or width < source[1]:
        raise invalid_argument("size", f"a size of at least that of the source, {source}", size)
    return Objective(Term(name, INPUT, spectrum_loss, 1.0, spot(images, height, width)))
