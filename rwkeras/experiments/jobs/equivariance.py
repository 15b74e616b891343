"""Equivariance of decoders to shifts, rotations, scaling and brightness."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from rwkeras.experiments.jobs.decodings import UntrainedDecoder, build_decnn
from rwkeras.experiments.jobs.structure import correlation, crop_border, mean_std_scale_offset
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture
from rwkeras.validation import check_choice

# Share of each side that is left out: the middle half is compared, which no transform fills with
# content from beyond the border.
_BORDER_FRACTION = 1 / 4


class Transform(NamedTuple):
    """A transform of an image.

    Attributes:
        apply: Function of an image, [height, width, channels], the size of the transform, and the
            image's standard deviation relative to that of the source; returns the new image.
        sizes: A small, a medium and a large size.
    """

    apply: Callable[[np.ndarray, float, float], np.ndarray]
    sizes: tuple[float, float, float]


def _shift(image: np.ndarray, size: float, contrast: float) -> np.ndarray:
    # An odd number, which is no multiple of a stride: shifts by whole strides would be trivial.
    pixels = max(1, 2 * round((size * image.shape[1] - 1) / 2) + 1)
    return ndimage.shift(image, (0, pixels, 0), order=0, mode="mirror")


def _rotate(image: np.ndarray, size: float, contrast: float) -> np.ndarray:
    return ndimage.rotate(image, size, reshape=False, order=3, mode="mirror")


def _enlarge(image: np.ndarray, size: float, contrast: float) -> np.ndarray:
    center, scale = (np.array(image.shape) - 1) / 2, np.array([1 / size, 1 / size, 1])
    return ndimage.affine_transform(image, scale, center - scale * center, order=3, mode="mirror")


# Images are interpolated by cubic splines and mirrored at their borders.
GEOMETRIC: Mapping[str, Transform] = {
    # 3, 5 and 11 pixels at a width of 96.
    "shift": Transform(_shift, (1 / 32, 1 / 19, 1 / 9)),
    "rotate": Transform(_rotate, (5.0, 15.0, 30.0)),
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
    """Returns a transformed image, whose values may lie outside [0, 1].

    Args:
        image: float, [height, width, channels].
        transform: A key of `TRANSFORMS`. "shift" moves the image to the right by a share of its
            width, rounded to an odd number of pixels; "rotate" turns it counterclockwise by an
            angle in degrees; "enlarge" magnifies it about its centre; "brighten" and "darken"
            multiply all channels by a factor; "add light" adds a constant to all channels.
        size: The share, angle, factor or constant.
        contrast: The standard deviation of the image relative to that of the source photograph.
            The constant of "add light" is multiplied by it.

    Raises:
        ValueError: `transform` is not a key of `TRANSFORMS`.
    """
    check_choice("transform", transform, TRANSFORMS)
    return TRANSFORMS[transform].apply(image, size, contrast)


def relative_rmse(image: np.ndarray, reference: np.ndarray) -> float:
    """Returns the RMS difference of two images over the standard deviation of the reference.

    Both are measured in the middle of the images; the standard deviation is about the mean of each
    channel. The result is infinite if the reference is constant.
    """
    inner, wanted = (
        crop_border(x, _BORDER_FRACTION).astype(np.float64) for x in (image, reference)
    )
    spread = float(np.sqrt(np.mean(_centred(wanted) ** 2)))
    difference = float(np.sqrt(np.mean((inner - wanted) ** 2)))
    return difference / spread if spread > 0 else math.inf


def centred_correlation(image: np.ndarray, reference: np.ndarray) -> float:
    """Returns the correlation of the middles of two images, with channel means subtracted."""
    return correlation(*(_centred(crop_border(x, _BORDER_FRACTION)) for x in (image, reference)))


def _centred(image: np.ndarray) -> np.ndarray:
    return image - image.mean(axis=(0, 1))


@dataclass(frozen=True)
class Equivariance:
    """Encodes and decodes an image under each transform at each size.

    Attributes:
        decoder: A file written by `DecoderFit`, or an untrained decoder.
        image: The image.
    """

    decoder: FileRef | UntrainedDecoder
    image: FileRef

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Jobs with the same decoder reuse it; with untrained decoders, the same encoder."""
        if isinstance(self.decoder, UntrainedDecoder):
            return (self.decoder.network,)
        return (self.decoder,)

    def run(self, folder: str) -> JobResult:
        """Returns a row of the trace for each transform T and size.

        With x the image and f the encoder followed by the decoder, "input_change" is the
        `relative_rmse` of T x from x, "output_change" that of f(T x) from f(x), and "error" that of
        f(T x) from T f(x); "alike" is the `centred_correlation` of f(T x) and T f(x). The pictures
        are f(x) and, for the largest size of each transform, f(T x). Pictures of an untrained
        decoder are all mapped by the scale and offset that give f(x) the mean and standard
        deviation of x.
        """
        source = read_picture(self.image, folder)
        model = build_decnn(self.decoder, folder)

        def decoded(image: np.ndarray) -> np.ndarray:
            return model(image[np.newaxis], training=False).numpy()[0]

        plain = decoded(source)
        scale, offset = 1.0, 0.0
        if isinstance(self.decoder, UntrainedDecoder):
            scale, offset = mean_std_scale_offset(plain, source)
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
                        "input_change": relative_rmse(given, source),
                        "output_change": relative_rmse(found, plain),
                        "error": relative_rmse(found, wanted),
                        "alike": centred_correlation(found, wanted),
                    }
                )
            pictures[name.replace(" ", "_")] = np.clip(scale * found + offset, 0, 1)
        return JobResult({"transforms": len(rows)}, pictures, rows)
