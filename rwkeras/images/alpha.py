"""Alpha channels: composited over white for networks of three channels, and restored."""

import numpy as np
from PIL import Image


def over_white(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Returns what a picture looks like on white: a c + (1 - a).

    Args:
        image: The colours c, float RGB in [0, 1], [..., height, width, 3].
        alpha: a, float in [0, 1], 1 where opaque, [..., height, width].
    """
    alpha = alpha[..., np.newaxis]
    return image * alpha + (1 - alpha)


def off_white(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Returns the colours that look on white like a picture, as far as there are such.

    Solves `over_white` for c, so that an edge that is half transparent is no paler than what it
    belongs to. Where nothing is seen, any colour will do, and the picture's own is taken.

    Args:
        image: What is to be seen, float RGB in [0, 1], [height, width, 3].
        alpha: float in [0, 1], 1 where opaque, [height, width].

    Returns:
        Of the same type and shape, clipped to [0, 1].
    """
    alpha = alpha[..., np.newaxis]
    seen = alpha > 0
    colours = (image - (1 - alpha)) / np.where(seen, alpha, 1)
    return np.clip(np.where(seen, colours, image), 0, 1)


def resized_alpha(alpha: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resamples an alpha channel with the filter that pictures are resampled with.

    The filter is linear, and so an image over white that is resampled, taken off white by this, has
    the colours of premultiplied resampling, whatever stands where nothing is seen.

    Args:
        alpha: float in [0, 1], [height, width].
        size: Height and width of the result, in pixels.

    Returns:
        float32 in [0, 1], of that size.
    """
    if alpha.shape == tuple(size):
        return alpha.astype(np.float32)
    image = Image.fromarray(alpha.astype(np.float32))
    return np.clip(np.asarray(image.resize(size[::-1], Image.Resampling.LANCZOS)), 0, 1)
