"""Equivariance of decoders to shifts, rotations, scaling and brightness."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rwkeras.experiments.jobs.decodings import UntrainedDecoder, build_decnn
from rwkeras.experiments.jobs.structure import correlation, matching, middle
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture
from rwkeras.validation import check_choice

# What is compared: the middle half of each side, into which no transform brings the border.
_OUTSIDE = 1 / 4


class Transform(NamedTuple):
    """A transform of an image.

    Attributes:
        apply: Does it to an image, [height, width, channels], of a standard deviation relative to
            that of the source, by a size.
        sizes: Small, medium and large.
    """

    apply: Callable[[np.ndarray, float, float], np.ndarray]
    sizes: tuple[float, float, float]


def _affine(image: np.ndarray, matrix: np.ndarray, right: float = 0.0) -> np.ndarray:
    """Returns an image which shows at p, from its middle, what was at `matrix` p - (`right`, 0)."""
    height, width = image.shape[:2]
    center = np.array([width - 1, height - 1]) / 2
    y, x = np.mgrid[:height, :width]
    points = np.stack([x - center[0], y - center[1]], axis=-1) @ matrix.T
    return _sampled(image, points[..., 1] + center[1], points[..., 0] + center[0] - right)


def _sampled(image: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Returns an image between its pixels by Catmull and Rom's cubic splines.

    Beyond its border it goes on as in a mirror.
    """

    def taps(position: np.ndarray, size: int):
        first = np.floor(position).astype(int)
        t = position - first
        weights = (
            (-t + 2 * t**2 - t**3) / 2,
            (2 - 5 * t**2 + 3 * t**3) / 2,
            (t + 4 * t**2 - 3 * t**3) / 2,
            (-(t**2) + t**3) / 2,
        )
        period = 2 * (size - 1)
        places = ((first + n) % period for n in range(-1, 3))
        return [(np.minimum(n, period - n), w) for n, w in zip(places, weights, strict=True)]

    total = np.zeros(image.shape)
    for row, down in taps(y, image.shape[0]):
        for column, across in taps(x, image.shape[1]):
            total += (down * across)[..., np.newaxis] * image[row, column]
    return total.astype(np.float32)


def _shift(image: np.ndarray, size: float, contrast: float) -> np.ndarray:
    return _affine(image, np.eye(2), max(1, round(size * image.shape[1])))


def _turn(image: np.ndarray, size: float, contrast: float) -> np.ndarray:
    cosine, sine = math.cos(math.radians(size)), math.sin(math.radians(size))
    return _affine(image, np.array([[cosine, -sine], [sine, cosine]]))


def _enlarge(image: np.ndarray, size: float, contrast: float) -> np.ndarray:
    return _affine(image, np.eye(2) / size)


def _expose(image: np.ndarray, size: float, contrast: float) -> np.ndarray:
    return size * image


def _veil(image: np.ndarray, size: float, contrast: float) -> np.ndarray:
    return image + size * contrast


GEOMETRIC: Mapping[str, Transform] = {
    # Of images of 128 pixels: 3, 6 and 15, by which strides do not divide.
    "shift": Transform(_shift, (3 / 128, 6 / 128, 15 / 128)),
    "rotate": Transform(_turn, (5.0, 15.0, 30.0)),
    "enlarge": Transform(_enlarge, (1.1, 1.25, 1.5)),
}
PHOTOMETRIC: Mapping[str, Transform] = {
    "brighten": Transform(_expose, (1.25, 1.5, 2.0)),
    "darken": Transform(_expose, (0.8, 0.65, 0.5)),
    "add light": Transform(_veil, (0.1, 0.2, 0.3)),
}
TRANSFORMS = {**GEOMETRIC, **PHOTOMETRIC}


def transformed(
    image: np.ndarray, transform: str, size: float, contrast: float = 1.0
) -> np.ndarray:
    """Returns an image after a transform; pixels may leave [0, 1].

    Args:
        image: float, [height, width, channels].
        transform: A name of `TRANSFORMS`. "shift" moves the image to the right by a share of its
            width, in whole pixels, at least one; "rotate" turns it by degrees to the left;
            "enlarge" magnifies it about its middle; "brighten" and "darken" multiply all
            channels, and "add light" adds the same to all.
        size: How much of it.
        contrast: The standard deviation of the image relative to that of the photograph which it
            shows; light is added in this proportion.

    Raises:
        ValueError: There is no such transform.
    """
    check_choice("transform", transform, TRANSFORMS)
    return TRANSFORMS[transform].apply(image, size, contrast)


def change(image: np.ndarray, reference: np.ndarray) -> float:
    """Returns the root mean squared difference over the reference's standard deviation.

    Both in the middle of the images, where the standard deviation is about each channel's mean.
    """
    inner, wanted = (middle(x, _OUTSIDE).astype(np.float64) for x in (image, reference))
    spread = float(np.sqrt(np.mean(_centred(wanted) ** 2)))
    difference = float(np.sqrt(np.mean((inner - wanted) ** 2)))
    return difference / spread if spread > 0 else math.inf


def alike(image: np.ndarray, reference: np.ndarray) -> float:
    """Returns the correlation of the middle of two images, each channel's mean apart."""
    return correlation(*(_centred(middle(x, _OUTSIDE)) for x in (image, reference)))


def _centred(image: np.ndarray) -> np.ndarray:
    return image - image.mean(axis=(0, 1))


@dataclass(frozen=True)
class Equivariance:
    """Decodes an image after every transform of every size.

    Attributes:
        decoder: A file that `DecoderFit` made, or a decoder without training.
        image: The image.
    """

    decoder: FileRef | UntrainedDecoder
    image: FileRef

    @property
    def affinity(self) -> tuple[Any, ...]:
        """The decoder is of use to the next, or at least its encoder."""
        if isinstance(self.decoder, UntrainedDecoder):
            return (self.decoder.network,)
        return (self.decoder,)

    def run(self, folder: str) -> JobResult:
        """Returns what each transform T changed, with f for encoder and decoder, as the trace.

        "input_change" is how far T x is from x, "output_change" how far f(T x) is from f(x), and
        "error" how far it is from T f(x), all as `change` measures; "alike" is the correlation of
        f(T x) and T f(x), as `alike` measures. The pictures are f(x) and, for the largest of each
        transform, f(T x); those of a decoder without training with one scale and offset, which
        give the first the mean and standard deviation of the source.
        """
        source = read_picture(self.image, folder)
        model = build_decnn(self.decoder, folder)

        def decoded(image: np.ndarray) -> np.ndarray:
            return model(image[np.newaxis], training=False).numpy()[0]

        plain = decoded(source)
        scale, offset = 1.0, 0.0
        if isinstance(self.decoder, UntrainedDecoder):
            scale, offset = matching(plain, source)
        pictures = {"picture": np.clip(scale * plain + offset, 0, 1)}
        rows = []
        for name, transform in TRANSFORMS.items():
            for size in transform.sizes:
                given = transformed(source, name, size)
                found = decoded(given)
                wanted = transformed(plain, name, size, 1 / scale)
                rows.append(
                    {
                        "transform": name,
                        "size": size,
                        "input_change": change(given, source),
                        "output_change": change(found, plain),
                        "error": change(found, wanted),
                        "alike": alike(found, wanted),
                    }
                )
            pictures[name.replace(" ", "_")] = np.clip(scale * found + offset, 0, 1)
        return JobResult({"transforms": len(rows)}, pictures, rows)
