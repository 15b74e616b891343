"""Photographs of scikit-image, for training and experiments."""

from collections.abc import Iterable

import numpy as np

from rwkeras.images.reading import from_array

# Crop of the photograph "immunohistochemistry": homogeneous, as a texture should be.
TISSUE = np.s_[10:266, 24:280]
# All photographs with a natural orientation, including text; grey ones get three equal channels.
UPRIGHT = (
    "astronaut",
    "brick",
    "camera",
    "chelsea",
    "clock",
    "coffee",
    "coins",
    "page",
    "rocket",
    "stereo_motorcycle",
    "text",
)
# Photographs on which experiments are shown, and those available for training before that.
TEST_NAMES = ("astronaut", "coffee", "chelsea", "rocket")
TRAINING_NAMES = (
    "brick",
    "camera",
    "clock",
    "coins",
    "grass",
    "gravel",
    "hubble_deep_field",
    "immunohistochemistry",
    "moon",
    "page",
    "retina",
    "stereo_motorcycle",
    "text",
)


def photographs(names: Iterable[str] = UPRIGHT) -> list[np.ndarray]:
    """Returns photographs of scikit-image.

    Do not evaluate a network on photographs that it was trained on.

    Args:
        names: Names of functions of `skimage.data`.

    Returns:
        float32 RGB in [0, 1], each [height, width, 3].

    Raises:
        ValueError: scikit-image is not installed.
    """
    try:
        return [scikit_image_photograph(name) for name in names]
    except ModuleNotFoundError as error:
        raise ValueError(
            "Training needs photographs, from a folder or from scikit-image: pip install "
            "'rwkeras[demo]'"
        ) from error


def scikit_image_photograph(name: str) -> np.ndarray:
    """Returns a photograph of scikit-image, float32 RGB in [0, 1], [height, width, 3].

    Args:
        name: Name of a function of `skimage.data`; of several pictures the first is taken.

    Raises:
        ModuleNotFoundError: scikit-image is not installed.
    """
    from skimage import data

    found = getattr(data, name)()
    return from_array(found[0] if isinstance(found, tuple) else found)
