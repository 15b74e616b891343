"""Pictures to begin with: photographs of scikit-image, and the painting that the project draws."""

import functools
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rwkeras.images.painting import painting
from rwkeras.images.photographs import photographs
from rwkeras.images.reading import square
from rwkeras.images.writing import write_image
from rwkeras.studio.pictures import write_view
from rwkeras.studio.recipes import RECOVER, STYLE, TEXTURE
from rwkeras.studio.store import Store

_PAINTING_SIDE = 320
# Of small views, which are square.
_VIEW_SIDE = 100
# A part of the stained tissue that looks alike everywhere, as a texture should.
_TISSUE = np.s_[10:266, 24:280]


class Example(NamedTuple):
    """A picture to begin with.

    Attributes:
        name: By which scikit-image knows it; "painting" is the project's own.
        label: What a person calls it.
        roles: Of what it is an example, by kind of job and role.
    """

    name: str
    label: str
    roles: tuple[tuple[str, str], ...]


_PHOTO = ((STYLE, "content"), (RECOVER, "image"))
_TEXTURE = ((TEXTURE, "texture"), (STYLE, "style"))
EXAMPLES = (
    Example("coffee", "A cup of coffee", _PHOTO),
    Example("astronaut", "An astronaut", _PHOTO),
    Example("chelsea", "Chelsea the cat", _PHOTO),
    Example("rocket", "A rocket", _PHOTO),
    Example("painting", "The project's painting", ((STYLE, "style"), (TEXTURE, "texture"))),
    Example("immunohistochemistry", "Stained tissue", _TEXTURE),
    Example("brick", "Bricks", _TEXTURE),
    Example("gravel", "Gravel", _TEXTURE),
)


def examples_of(kind: str, role: str) -> list[Example]:
    """Returns the examples for a role of a kind of job."""
    return [example for example in EXAMPLES if (kind, role) in example.roles]


@functools.lru_cache(len(EXAMPLES))
def _pixels(name: str) -> np.ndarray:
    if name == "painting":
        return painting(_PAINTING_SIDE)
    image = photographs([name])[0]
    return image[_TISSUE] if name == "immunohistochemistry" else image


def example_view(name: str) -> bytes | None:
    """Returns a small view of an example, a JPEG file; None if there is no such example."""
    if name not in {example.name for example in EXAMPLES}:
        return None
    with tempfile.TemporaryDirectory(prefix=".rwkeras-") as folder:
        path = Path(folder) / "view.jpg"
        write_view(path, square(_pixels(name), _VIEW_SIDE))
        return path.read_bytes()


def add_example(store: Store, name: str) -> str:
    """Keeps an example as if it had been dropped; returns the SHA-256 of its file.

    Raises:
        ValueError: scikit-image is not installed, or the store has no room.
    """
    with tempfile.TemporaryDirectory(prefix=".rwkeras-") as folder:
        path = Path(folder) / "example.png"
        write_image(path, _pixels(name))
        return store.add_picture(path.read_bytes(), name)
