"""Disjoint sets of photographs: for tuning the package and for testing claims.

Constants of the package were tuned on `TUNING`, by eye or by measurement, and networks of the
experiments are stacked and trained on it. Claims are tested on `TEST`, whose photographs come with
scikit-image, Matplotlib and scikit-learn. Outside the experiments, the training of decoders and of
rotation prediction uses some photographs of `TEST` by default.
"""

from collections.abc import Callable, Mapping

import numpy as np

from rwkeras.images.photographs import scikit_image_photograph
from rwkeras.images.reading import from_array, read_image

TUNING = (
    "astronaut",
    "coffee",
    "chelsea",
    "rocket",
    "brick",
    "grass",
    "gravel",
    "immunohistochemistry",
    "cell",
    "clock",
)
TEST = (
    "grace_hopper",
    "china",
    "flower",
    "stereo_motorcycle",
    "camera",
    "coins",
    "retina",
    "text",
    "moon",
    "hubble_deep_field",
)
# Photographs of `TUNING` on which networks are stacked, and those with a visible orientation, for
# rotation prediction.
STACKING_PHOTOGRAPHS = TUNING[:4]
ROTATION_PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket", "brick", "clock")

# Homogeneous squares of photographs of `TEST` and of "page": the photograph, first row, first
# column and side. A texture and the photograph of `TEST` with the same index, which are style and
# content of a draw, are from different photographs.
TEST_TEXTURES: Mapping[str, tuple[str, int, int, int]] = {
    "petals": ("flower", 150, 235, 150),
    "stars": ("hubble_deep_field", 100, 100, 400),
    "roofs": ("china", 150, 120, 120),
    "rows of coins": ("coins", 0, 0, 303),
    "print": ("page", 60, 20, 110),
    "lawn": ("camera", 400, 400, 110),
    "craters": ("moon", 300, 0, 212),
    "vessels": ("retina", 250, 300, 300),
    "writing": ("text", 0, 150, 172),
    "flag": ("grace_hopper", 0, 10, 160),
}


def _from_matplotlib(name: str) -> np.ndarray:
    from matplotlib.cbook import get_sample_data

    return read_image(get_sample_data(f"{name}.jpg", asfileobj=False), name)


def _from_scikit_learn(name: str) -> np.ndarray:
    from sklearn.datasets import load_sample_image

    return from_array(load_sample_image(f"{name}.jpg"))


_READERS: Mapping[str, Callable[[str], np.ndarray]] = {
    "grace_hopper": _from_matplotlib,
    "china": _from_scikit_learn,
    "flower": _from_scikit_learn,
}


def photograph(name: str) -> np.ndarray:
    """Returns a photograph, or a texture cropped from one, float32 RGB in [0, 1].

    Args:
        name: A name in `TUNING`, `TEST` or `TEST_TEXTURES`.

    Raises:
        ValueError: The package that contains it is not installed.
    """
    if name in TEST_TEXTURES:
        source, top, left, side = TEST_TEXTURES[name]
        return photograph(source)[top : top + side, left : left + side]
    try:
        return _READERS.get(name, scikit_image_photograph)(name)
    except ModuleNotFoundError as error:
        raise ValueError(
            "Experiments use photographs from scikit-image, Matplotlib and scikit-learn: pip "
            "install 'rwkeras[experiments]'"
        ) from error
