"""Equivariance of decoders to shifts, rotations, scaling and brightness."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

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


def _shift(image: np.ndarray, size: float, contrast: float) -> np.ndarray:
    pixels = max(1, round(size * image.shape[1]))
    return ndimage.shift(image, (0, pixels, 0), order=0, mode="mirror")


def _turn(image: np.ndarray, size: float, contrast: float) -> np.ndarray:
    return ndimage.rotate(image, size, reshape=False, order=3, mode="mirror")


def _enlarge(image: np.ndarray, size: float, contrast: float) -> np.ndarray:
    center, scale = (np.array(image.shape) - 1) / 2, np.array([1 / size, 1 / size, 1])
    return ndimage.affine_transform(image, scale, center - scale * center, order=3, mode="mirror")


# Between pixels, images are cubic splines; beyond their borders they go on as in a mirror.
GEOMETRIC: Mapping[str, Transform] = {
    # Of images of 128 pixels: 3, 6 and 15, by which strides do not divide.
    "shift": Transform(_shift, (3 / 128, 6 / 128, 15 / 128)),
    "rotate": Transform(_turn, (5.0, 15.0, 30.0)),
    "enlarge": Transform(_enlarge, (1.1, 1.25, 1.5)),
}
PHOTOMETRIC: Mapping[str, Transform] = {
    "brighten": Transform(lambda image, size, _: size * image, (1.25, 1.5, 2.0)),
    "darken": Transform(lambda image, size, _: size * image, (0.8, 0.65, 0.5)),
    "add light": Transform(lambda image, size, contrast: image + size * contrast, (0.1, 0.2, 0.3)),
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
