"""Distances of images from a style and a content, by a network trained on ImageNet.

The evaluation network is an EfficientNet-Lite0, of a different family than the networks that
synthesise images here. To keep it independent, no method optimises its measures, and it is never
used to select settings, seeds or results.

With F the activations of a layer, [positions, channels], and F0 those of the reference:

    style distance  = mean over layers of |G - G0| / |G0|,  G = F^T F / positions
    content         = mean over layers of the correlation of S and S0,  S_pq = cos(F_p - m, F_q - m)

|.| is the Frobenius norm, m the mean of F over positions. For style the layers are the stem and the
depthwise convolutions of the last blocks of the first four stages (strides of 2, 2, 4, 8 and 16
pixels), for content those of the third to fifth stages (8, 16 and 16). Content follows the
self-similarity of Kolkin et al. (2019), Style transfer by relaxed optimal transport and
self-similarity. The style distance of an image from its mirror image is about that of another image
of the same texture. Content is 1 for the reference itself, and 0 if self-similarities are
uncorrelated with the reference's.

Example:
    python -m benchmarks.judge --reference=STYLE.png --content=CONTENT.png IMAGE...
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf
from absl import app, flags

import rwkeras
from rwkeras.images.reading import fit_longer_side, read_image
from rwkeras.validation import invalid_argument

FLAGS = flags.FLAGS

STYLE_LAYERS = (
    "stem",
    "block1a_depthwise",
    "block2b_depthwise",
    "block3b_depthwise",
    "block4c_depthwise",
)
CONTENT_LAYERS = ("block3b_depthwise", "block4c_depthwise", "block5c_depthwise")
_LAYERS = tuple(dict.fromkeys(STYLE_LAYERS + CONTENT_LAYERS))


class Features(NamedTuple):
    """Activations of the evaluation network on an image.

    Attributes:
        shape: (height, width) of the image in pixels.
        layers: Activations by layer, float64, [positions, channels].
    """

    shape: tuple[int, ...]
    layers: dict[str, np.ndarray]


class EvaluationNetwork:
    """EfficientNet-Lite0, trained on ImageNet.

    Raises:
        ValueError: The package with its weights is missing; see `efficientnet_lite0`.
    """

    def __init__(self):
        model = rwkeras.efficientnet_lite0(weights="imagenet")
        self._extractor = rwkeras.feature_extractor(model, _LAYERS)

    def features(self, image: np.ndarray) -> Features:
        """Returns the activations on an image.

        Args:
            image: float32 RGB in [0, 1], [height, width, 3].
        """
        activations = self._extractor(tf.constant(image[np.newaxis]), training=False)
        return Features(
            image.shape[:2],
            {
                name: np.asarray(x, np.float64).reshape(-1, x.shape[-1])
                for name, x in activations.items()
            },
        )


def style_distance(image: Features, reference: Features) -> float:
    """Returns the mean relative distance of Gram matrices; image sizes may differ."""
    distances = []
    for layer in STYLE_LAYERS:
        gram, wanted = (_gram(x.layers[layer]) for x in (image, reference))
        distances.append(np.linalg.norm(gram - wanted) / np.linalg.norm(wanted))
    return float(np.mean(distances))


def _gram(features: np.ndarray) -> np.ndarray:
    return features.T @ features / len(features)


def content_correlation(image: Features, reference: Features) -> float:
    """Returns the mean correlation of the self-similarities of two images of equal size.

    Raises:
        ValueError: The sizes differ.
    """
    if image.shape != reference.shape:
        expected = f"a picture of the same size as the content, {reference.shape}"
        raise invalid_argument("image", expected, image.shape)
    pairs = ((image.layers[layer], reference.layers[layer]) for layer in CONTENT_LAYERS)
    return float(np.mean([_correlation(*map(_unit, pair)) for pair in pairs]))


def _unit(features: np.ndarray) -> np.ndarray:
    """Returns features, centred over positions and normalised at each position."""
    centred = features - features.mean(axis=0)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Returns the correlation of the elements of F F^T and of H H^T.

    The matrices, positions x positions, are not computed: the sum of their elementwise product is
    |F^T H|^2, and the sum of the elements of F F^T is |sum_p F_p|^2.
    """
    means = [np.sum(x.sum(axis=0) ** 2) / len(x) ** 2 for x in (first, second)]

    def covariance(i: int, j: int) -> float:
        one, other = (first, second)[i], (first, second)[j]
        return np.sum((one.T @ other) ** 2) / len(one) ** 2 - means[i] * means[j]

    return covariance(0, 1) / np.sqrt(covariance(0, 0) * covariance(1, 1))


def _define_flags() -> None:
    """Defines the flags; not on import, as other benchmarks import this module."""
    flags.DEFINE_string("reference", None, "Picture of the style or texture.", required=True)
    flags.DEFINE_string("content", None, "Picture of the content; none for textures.")
    flags.DEFINE_integer(
        "image_size",
        256,
        "Longer side that all pictures are resampled to, in pixels; 0: original size.",
    )


def main(argv: list[str]) -> None:
    """Prints a table of the images' measures."""
    if len(argv) < 2:
        raise app.UsageError("Expected pictures to judge.")
    network = EvaluationNetwork()

    def features(path: str, name: str) -> Features:
        picture = fit_longer_side(read_image(path, name), FLAGS.image_size)
        # Rounded to 8 bits like saved results, as the network reacts to this in smooth areas.
        return network.features(np.rint(255 * picture) / np.float32(255))

    reference = features(FLAGS.reference, "reference")
    content = FLAGS.content and features(FLAGS.content, "content")
    print("| image | style distance | content |\n| --- | --- | --- |")
    for path in argv[1:]:
        image = features(path, "image")
        kept = f"{content_correlation(image, content):.4f}" if content else "-"
        print(f"| {path} | {style_distance(image, reference):.4f} | {kept} |", flush=True)


if __name__ == "__main__":
    _define_flags()
    app.run(main)
