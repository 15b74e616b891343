"""Alpha channels: composited over white for networks of three channels, and restored."""

import numpy as np
from PIL import Image


def over_white(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Composites an image over white: a c + (1 - a).

    Args:
        image: The colours c, float RGB in [0, 1], [..., height, width, 3].
        alpha: a, float in [0, 1], 1 where opaque, [..., height, width].
    """
    alpha = alpha[..., np.newaxis]
    return image * alpha + (1 - alpha)


def unblend_white(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Inverts `over_white`: returns the colours c, clipped to [0, 1].

    Half-transparent edges thus are no paler than the object they belong to. Where alpha is 0, the
    image's own colours are returned.

    Args:
        image: The image over white, float RGB in [0, 1], [height, width, 3].
        alpha: float in [0, 1], 1 where opaque, [height, width].

    Returns:
        The colours, of the same shape.
    """
    alpha = alpha[..., np.newaxis]
    seen = alpha > 0
    colours = (image - (1 - alpha)) / np.where(seen, alpha, 1)
    return np.clip(np.where(seen, colours, image), 0, 1)


def resized_alpha(alpha: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resamples an alpha channel with the same filter as images.

    As the filter is linear, `unblend_white` of a resampled image over white, with this alpha, gives
    the colours of premultiplied resampling, whatever the colours of invisible pixels.

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
