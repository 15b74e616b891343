"""Example pictures: photographs of scikit-image, and the painting that the project draws."""

import functools
from typing import NamedTuple

import numpy as np

from rwkeras.images.painting import painting
from rwkeras.images.photographs import TISSUE, photographs
from rwkeras.images.reading import square
from rwkeras.images.writing import write_image
from rwkeras.studio.pictures import file_bytes, write_preview
from rwkeras.studio.recipes import RECOVER, STYLE, TEXTURE
from rwkeras.studio.store import Store

_PAINTING_SIDE = 320
# Side of the previews, which are square.
_PREVIEW_SIDE = 100


class Example(NamedTuple):
    """An example picture.

    Attributes:
        name: Name in `skimage.data`; "painting" is the project's own.
        label: Label on the page.
        roles: (kind of job, role) pairs that the example is offered for.
    """

    name: str
    label: str
    roles: tuple[tuple[str, str], ...]


_PHOTO_ROLES = ((STYLE, "content"), (RECOVER, "image"))
_TEXTURE_ROLES = ((TEXTURE, "texture"), (STYLE, "style"))
EXAMPLES = (
    Example("coffee", "A cup of coffee", _PHOTO_ROLES),
    Example("astronaut", "An astronaut", _PHOTO_ROLES),
    Example("chelsea", "Chelsea the cat", _PHOTO_ROLES),
    Example("rocket", "A rocket", _PHOTO_ROLES),
    Example("painting", "Generated painting", ((STYLE, "style"), (TEXTURE, "texture"))),
    Example("immunohistochemistry", "Stained tissue", _TEXTURE_ROLES),
    Example("brick", "Bricks", _TEXTURE_ROLES),
    Example("gravel", "Gravel", _TEXTURE_ROLES),
)


def examples_for(kind: str, role: str) -> list[Example]:
    """Returns the examples for a role of a kind of job."""
    return [example for example in EXAMPLES if (kind, role) in example.roles]


@functools.lru_cache(len(EXAMPLES))
def _pixels(name: str) -> np.ndarray:
    if name == "painting":
        return painting(_PAINTING_SIDE)
    image = photographs([name])[0]
    return image[TISSUE] if name == "immunohistochemistry" else image


def example_preview(name: str) -> bytes | None:
    """Returns the bytes of an example's JPEG preview; None if there is no such example."""
    if name not in {example.name for example in EXAMPLES}:
        return None
    return file_bytes(".jpg", write_preview, square(_pixels(name), _PREVIEW_SIDE))


def add_example(store: Store, name: str) -> str:
    """Adds an example to the store like an uploaded picture; returns the SHA-256 of its file.

    Raises:
        ValueError: scikit-image is not installed, or the store is full.
    """
    return store.add_picture(file_bytes(".png", write_image, _pixels(name)), name)
