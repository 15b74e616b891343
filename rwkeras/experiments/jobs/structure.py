"""Structural similarity of images by edges, contours and colours.

Pictures of a decoder with random weights have arbitrary scale and colours. They are compared with
the source by correlations, which do not depend on scale, and after the affine map of colours that
brings them closest to the source.
"""

import numpy as np
from PIL import Image

from rwkeras.images.colors import LUMA

# Share of each side that is left out: zero padding distorts the border.
_BORDER_FRACTION = 1 / 8
# Squares along each side of the grids on which edges and contours are averaged. Without the
# borders, 24 squares are 1/32 of the image's side each: edges may be misplaced by that much.
_EDGE_SQUARES, _CONTOUR_SQUARES = 24, 16


def crop_border(image: np.ndarray, border: float = _BORDER_FRACTION) -> np.ndarray:
    """Returns an image without its border.

    Args:
        image: [height, width, channels].
        border: What is left out at each end of a side, as a share of it below 1/2.
    """
    top, left = (round(border * side) for side in image.shape[:2])
    return image[top : image.shape[0] - top, left : image.shape[1] - left]


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Returns Pearson's correlation of two arrays of equal shape, 0 if either is constant."""
    a, b = (np.asarray(x, np.float64).ravel() for x in (first, second))
    a, b = a - a.mean(), b - b.mean()
    size = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / size) if size > 0 else 0.0


def match_mean_std(image: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Returns an image scaled and shifted to the mean and standard deviation of a source.

    Scale and offset are the same for all channels. Borders are ignored in computing them.

    Args:
        image: float, [height, width, channels], of any scale.
        source: float RGB in [0, 1] of the same size.
    """
    scale, offset = mean_std_scale_offset(image, source)
    return scale * image + offset


def mean_std_scale_offset(image: np.ndarray, source: np.ndarray) -> tuple[float, float]:
    """Returns the scale and the offset of `match_mean_std`."""
    inner, target = (crop_border(x).astype(np.float64) for x in (image, source))
    spread = inner.std()
    scale = float(target.std() / spread) if spread > 0 else 1.0
    return scale, float(target.mean() - scale * inner.mean())


def color_mapped(image: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Returns an image after the affine map of its colours that brings it closest to a source.

    The map A, [channels + 1, 3], minimises the sum over pixels of ||[image, 1] A - source||^2.
    Borders are ignored in computing it.

    Args:
        image: float, [height, width, channels], of any scale.
        source: float RGB in [0, 1] of the same size.
    """

    def with_one(x: np.ndarray) -> np.ndarray:
        return np.concatenate([x, np.ones_like(x[..., :1])], axis=-1).astype(np.float64)

    given = with_one(crop_border(image)).reshape(-1, image.shape[2] + 1)
    target = crop_border(source).reshape(-1, source.shape[2])
    best = np.linalg.lstsq(given, target, rcond=None)[0]
    return (with_one(image) @ best).astype(np.float32)


def edges(image: np.ndarray, source: np.ndarray) -> float:
    """Returns the correlation of the edges of two images, without borders.

    Edges are the gradient magnitude, the root of the sum over channels of squared derivatives,
    averaged over squares of 1/32 of the side.
    """
    return correlation(*(_grid_means(_gradients(x), _EDGE_SQUARES) for x in (image, source)))


def contours(image: np.ndarray, source: np.ndarray) -> float:
    """Returns the correlation of the luma of two images on a grid of 16 x 16, without borders."""
    grids = (_grid_means(crop_border(x) @ LUMA, _CONTOUR_SQUARES) for x in (image, source))
    return correlation(*grids)


def color_correlation(image: np.ndarray, source: np.ndarray) -> float:
    """Returns the correlation of the channel differences of two images, without borders."""
    return correlation(*(_color_differences(crop_border(x)) for x in (image, source)))


def color_explained(image: np.ndarray, source: np.ndarray) -> float:
    """Returns the coefficient of determination of a source's channel differences by an image's.

    1 - sum (d - d0)^2 / sum (d0 - mean d0)^2 with d0 the differences red - green and
    (red + green) / 2 - blue of the source, and d those of the image, without borders; 0 if the
    source is grey.
    """
    differences, source_differences = (
        _color_differences(crop_border(x).astype(np.float64)) for x in (image, source)
    )
    spread = np.sum((source_differences - source_differences.mean(axis=(0, 1))) ** 2)
    return (
        float(1 - np.sum((differences - source_differences) ** 2) / spread) if spread > 0 else 0.0
    )


def structure(image: np.ndarray, source: np.ndarray) -> dict[str, float]:
    """Returns measures of how much of a source is in a picture of arbitrary scale and colours.

    Args:
        image: float, [height, width, 3].
        source: float RGB in [0, 1] of the same size.

    Returns:
        "edges", see `edges`; "brightness", the absolute correlation of luma; "contours", see
        `contours`, after `color_mapped`; "edges_by_chance" and "contours_by_chance", the same
        compared with the mirrored source, as chance levels; "error" and "error_mapped", the RMS
        error of pixels after `match_mean_std` and after `color_mapped`; "color_correlation" of the
        picture as it is, and "color_explained" after `color_mapped`.
    """
    mirrored = source[:, ::-1]
    plain, mapped = match_mean_std(image, source), color_mapped(image, source)

    def error(x: np.ndarray) -> float:
        return float(np.sqrt(np.mean((crop_border(x) - crop_border(source)) ** 2)))

    return {
        "edges": edges(image, source),
        "edges_by_chance": edges(image, mirrored),
        "brightness": abs(
            correlation(crop_border(image) @ LUMA, crop_border(source) @ LUMA),
        ),
        "contours": contours(mapped, source),
        "contours_by_chance": contours(color_mapped(image, mirrored), mirrored),
        "error": error(plain),
        "error_mapped": error(mapped),
        "color_correlation": color_correlation(image, source),
        "color_explained": color_explained(mapped, source),
    }


def _gradients(image: np.ndarray) -> np.ndarray:
    """Returns the gradient magnitude of an image without its border, [height, width]."""
    down, right = np.gradient(crop_border(image).astype(np.float64), axis=(0, 1))
    return np.sqrt(np.sum(down**2 + right**2, axis=2))


def _color_differences(image: np.ndarray) -> np.ndarray:
    """Returns red - green and (red + green) / 2 - blue, [height, width, 2]."""
    red, green, blue = np.moveaxis(image, -1, 0)
    return np.stack([red - green, (red + green) / 2 - blue], axis=-1)


def _grid_means(values: np.ndarray, squares: int) -> np.ndarray:
    """Returns the means of [height, width] over a square grid, [squares, squares]."""
    given = Image.fromarray(values.astype(np.float32))
    return np.asarray(given.resize((squares, squares), Image.Resampling.BOX))
