"""Structural similarity of images by edges, contours and colours.

A decoder with random weights gives pictures of any scale and with any colours. What of the source
is in them is told by correlations, and after the affine map of colours that suits best.
"""

import numpy as np
from PIL import Image

from rwkeras.images.colors import LUMA

# Of each side: networks pad with zeros, and what they make of the border says nothing of an image.
_BORDER = 1 / 8
# Edges may be off by an 1/32 of the side, contours are those on a grid of so many squares a side.
_EDGE_SQUARES, _CONTOUR_SQUARES = 24, 16


def middle(image: np.ndarray, border: float = _BORDER) -> np.ndarray:
    """Returns an image without its border.

    Args:
        image: [height, width, channels].
        border: What is left out on each side, a share of the side below a half.
    """
    top, left = (round(border * side) for side in image.shape[:2])
    return image[top : image.shape[0] - top, left : image.shape[1] - left]


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Returns Pearson's correlation of two arrays of one shape, 0 if one of them is constant."""
    a, b = (np.asarray(x, np.float64).ravel() for x in (first, second))
    a, b = a - a.mean(), b - b.mean()
    size = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / size) if size > 0 else 0.0


def matched(image: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Returns an image with a source's mean and standard deviation, by one scale and one offset.

    They are the same for all channels, and those of the images without their borders.

    Args:
        image: float, [height, width, channels], of any scale.
        source: float RGB in [0, 1] of the same size.
    """
    scale, offset = matching(image, source)
    return scale * image + offset


def matching(image: np.ndarray, source: np.ndarray) -> tuple[float, float]:
    """Returns the scale and the offset of `matched`."""
    inner, wanted = (middle(x).astype(np.float64) for x in (image, source))
    spread = inner.std()
    scale = float(wanted.std() / spread) if spread > 0 else 1.0
    return scale, float(wanted.mean() - scale * inner.mean())


def color_mapped(image: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Returns an image after the affine map of its colours that brings it nearest to a source.

    The map A, [4, 3], minimises the sum over positions of ||[image, 1] A - source||^2, without the
    borders.

    Args:
        image: float, [height, width, channels], of any scale.
        source: float RGB in [0, 1] of the same size.
    """

    def with_one(x: np.ndarray) -> np.ndarray:
        return np.concatenate([x, np.ones_like(x[..., :1])], axis=-1).astype(np.float64)

    given = with_one(middle(image)).reshape(-1, image.shape[2] + 1)
    wanted = middle(source).reshape(-1, source.shape[2])
    best = np.linalg.lstsq(given, wanted, rcond=None)[0]
    return (with_one(image) @ best).astype(np.float32)


def edges(image: np.ndarray, source: np.ndarray) -> float:
    """Returns the correlation of the edges of two images without their borders.

    Edges are the root of the sum over channels of squared gradients, whatever their signs, averaged
    over squares of 1/32 of the side.
    """
    return correlation(*(_coarse(_gradients(x), _EDGE_SQUARES) for x in (image, source)))


def contours(image: np.ndarray, source: np.ndarray) -> float:
    """Returns the correlation of two images' brightness on a coarse grid, without borders."""
    grids = (_coarse(middle(x) @ LUMA, _CONTOUR_SQUARES) for x in (image, source))
    return correlation(*grids)


def color_correlation(image: np.ndarray, source: np.ndarray) -> float:
    """Returns the correlation of two images' differences between channels, without borders."""
    return correlation(*(_opponents(middle(x)) for x in (image, source)))


def color_explained(image: np.ndarray, source: np.ndarray) -> float:
    """Returns the share of a source's differences between channels that an image explains.

    1 - sum (d - d0)^2 / sum (d0 - mean d0)^2 with d0 the differences red - green and
    (red + green) / 2 - blue of the source, and d those of the image; 0 if the source is grey.
    """
    found, wanted = (_opponents(middle(x).astype(np.float64)) for x in (image, source))
    spread = np.sum((wanted - wanted.mean(axis=(0, 1))) ** 2)
    return float(1 - np.sum((found - wanted) ** 2) / spread) if spread > 0 else 0.0


def structure(image: np.ndarray, source: np.ndarray) -> dict[str, float]:
    """Returns what of a source is in a picture of any scale and colours.

    Args:
        image: float, [height, width, 3].
        source: float RGB in [0, 1] of the same size.

    Returns:
        "edges" and "edges_by_chance", see `edges`, the latter with the mirrored source, which is a
        photograph as well; "brightness", the absolute correlation of brightness; "contours" after
        the best map of colours, and "contours_by_chance" after that to the mirrored source;
        "error" and "error_mapped", the root of the mean squared difference of pixels before and
        after that map; "color_correlation" before the map, and "color_explained" after it.
    """
    mirrored = source[:, ::-1]
    plain, mapped = matched(image, source), color_mapped(image, source)

    def error(x: np.ndarray) -> float:
        return float(np.sqrt(np.mean((middle(x) - middle(source)) ** 2)))

    return {
        "edges": edges(image, source),
        "edges_by_chance": edges(image, mirrored),
        "brightness": abs(
            correlation(middle(image) @ LUMA, middle(source) @ LUMA),
        ),
        "contours": contours(mapped, source),
        "contours_by_chance": contours(color_mapped(image, mirrored), mirrored),
        "error": error(plain),
        "error_mapped": error(mapped),
        "color_correlation": color_correlation(image, source),
        "color_explained": color_explained(mapped, source),
    }


def _gradients(image: np.ndarray) -> np.ndarray:
    """Returns the size of an image's gradients without its border, [height, width]."""
    down, right = np.gradient(middle(image).astype(np.float64), axis=(0, 1))
    return np.sqrt(np.sum(down**2 + right**2, axis=2))


def _opponents(image: np.ndarray) -> np.ndarray:
    """Returns red - green and (red + green) / 2 - blue, [height, width, 2]."""
    red, green, blue = np.moveaxis(image, -1, 0)
    return np.stack([red - green, (red + green) / 2 - blue], axis=-1)


def _coarse(values: np.ndarray, squares: int) -> np.ndarray:
    """Returns the means of [height, width] over a grid of so many squares a side."""
    given = Image.fromarray(values.astype(np.float32))
    return np.asarray(given.resize((squares, squares), Image.Resampling.BOX))
