"""The photographs to train on when none are given: those that come with scikit-image."""

import numpy as np

from rwkeras.images.reading import from_array

# All that have a way up, text among them; the grey ones get three equal channels.
PHOTOGRAPHS = (
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


def photographs() -> list[np.ndarray]:
    """Returns scikit-image's photographs that have a way up.

    Do not judge by these a network that was trained on them.

    Returns:
        float32 RGB in [0, 1], each [height, width, 3].

    Raises:
        ValueError: scikit-image is not installed.
    """
    try:
        from skimage import data
    except ModuleNotFoundError as error:
        raise ValueError(
            "Training needs photographs, a folder of them or scikit-image's: "
            "pip install 'rwkeras[demo]'"
        ) from error
    loaded = (getattr(data, name)() for name in PHOTOGRAPHS)
    return [from_array(photo[0] if isinstance(photo, tuple) else photo) for photo in loaded]
