"""Style transfer by regions, with one mask per style."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.images.batch import as_batch
from rwkeras.networks.regions import region_layers, with_regions
from rwkeras.objectives.objective import Objective
from rwkeras.tasks.settings import StyleSettings
from rwkeras.tasks.start import proportional
from rwkeras.tasks.terms import texture_terms
from rwkeras.validation import invalid_argument


class _Region(NamedTuple):
    """A region of the content and its style.

    Attributes:
        source: Network that evaluates the style within the style's own mask.
        layers: Names of the style layers in the region.
        share: Mean of the region's mask over the content, in (0, 1].
    """

    source: keras.Model
    layers: tuple[str, ...]
    share: float


class Regions:
    """Regions of the content, each with a style.

    Attributes:
        network: The model with the style layers of each region as additional outputs.

    Args:
        model: The network.
        layers: Names of the style layers.
        content_masks: One mask per region: a grey image, in any form that `as_batch` accepts, of
            the degree in [0, 1] to which each pixel of the content belongs to the region.
        style_masks: The same for each region's style; None for whole styles.
        content: The content, [batch, height, width, 3].
        styles: The styles, each [1, height, width, 3].

    Raises:
        ValueError: A mask is black or differs in aspect ratio from its image, or the numbers of
            masks differ.
    """

    def __init__(
        self,
        model: keras.Model,
        layers: Sequence[str],
        content_masks: Sequence[Any],
        style_masks: Sequence[Any] | None,
        content: tf.Tensor,
        styles: Sequence[tf.Tensor],
    ):
        masks = [_mask(mask, "content_masks") for mask in content_masks]
        everywhere = np.ones((1, 1), np.float32)
        if style_masks is None:
            own = [everywhere] * len(masks)
        else:
            own = [_mask(mask, "style_masks") for mask in style_masks]
        if len(own) != len(masks) or not masks:
            expected = f"one per region of the content, {len(masks)}"
            raise invalid_argument("style_masks", expected, len(own))
        for mask in masks:
            _check_proportions("content_masks", mask, content)
        for mask, style in zip(own if style_masks is not None else (), styles, strict=False):
            _check_proportions("style_masks", mask, style)
        names = [f"region{n}" for n in range(1, len(masks) + 1)]
        self.network = with_regions(model, layers, dict(zip(names, masks, strict=True)))
        self._regions = [
            _Region(
                with_regions(model, layers, {name: source}),
                region_layers(layers, name),
                float(mask.mean()),
            )
            for name, mask, source in zip(names, masks, own, strict=True)
        ]

    def __len__(self) -> int:
        return len(self._regions)

    def style_terms(
        self, styles: Sequence[tf.Tensor], settings: StyleSettings, content: tf.Tensor
    ) -> Objective:
        """Returns the sum over regions of the balanced style losses (Eq. 6).

        The losses of a region are means over its positions. Weighting them by the region's share
        makes each pixel count as much as with one style for the whole image.

        Args:
            styles: One per region, float32 RGB in [0, 1], [1, height, width, 3].
            settings: The weighting of layers, and how Gram matrices are joined.
            content: Images of the result's size, [batch, height, width, 3].
        """
        objective = Objective()
        for region, style in zip(self._regions, styles, strict=True):
            objective += region.share * texture_terms(
                region.source,
                style,
                region.layers,
                kind="style",
                weighting=settings.weighting,
                join=settings.join,
                result=content,
            )
        return objective


def _mask(mask: Any, name: str) -> np.ndarray:
    """Returns a mask as float32 [height, width] in [0, 1]; raises if black or a batch."""
    images = as_batch(mask, name).images
    grey = tf.reduce_mean(images[0], axis=-1).numpy()
    if images.shape[0] != 1 or not grey.any():
        found = f"{images.shape[0]} images" if images.shape[0] != 1 else "an all-black image"
        raise invalid_argument(name, "one grey image per region, not all black", found)
    return grey


def _check_proportions(name: str, mask: np.ndarray, picture: tf.Tensor) -> None:
    """Raises `ValueError` unless mask and picture have the same aspect ratio up to rounding."""
    size = int(picture.shape[1]), int(picture.shape[2])
    if not proportional(mask.shape, size):
        height, width = size
        expected = f"masks with the aspect ratio of the picture, {height} high and {width} wide"
        raise invalid_argument(name, expected, (int(mask.shape[0]), int(mask.shape[1])))
