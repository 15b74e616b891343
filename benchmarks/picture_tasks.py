"""Tasks of `benchmarks.pictures`: contents with styles, and textures."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from skimage import data

from rwkeras.images.collection import picture_files
from rwkeras.images.painting import painting
from rwkeras.images.reading import from_array, read_image, square
from rwkeras.validation import invalid_argument

TASKS = ("style", "texture")

_CONTENTS = ("astronaut", "coffee", "chelsea", "rocket")
_TEXTURES = ("brick", "gravel", "grass")
# Textures of 256 x 256 pixels are cropped, as some in use have a label in the lower left corner.
_LABELLED, _UNLABELLED = (256, 256), 240


class Picture(NamedTuple):
    """An image, float32 RGB in [0, 1], [side, side, 3], and its name."""

    name: str
    image: np.ndarray


class Task(NamedTuple):
    """A style transfer or a texture synthesis.

    Attributes:
        source: The style, or the texture.
        content: The content; None for a texture.
    """

    source: Picture
    content: Picture | None = None

    @property
    def kind(self) -> str:
        """One of `TASKS`."""
        return "texture" if self.content is None else "style"

    @property
    def pictures(self) -> list[Picture]:
        """Content, if any, and source."""
        return [self.source] if self.content is None else [self.content, self.source]

    @property
    def name(self) -> str:
        """Names of content, if any, and source, joined by "-"."""
        return "-".join(picture.name for picture in self.pictures)


def tissue_texture() -> np.ndarray:
    """Returns a homogeneous region of scikit-image's stained tissue, uint8 RGB [192, 192, 3]."""
    return data.immunohistochemistry()[10:202, 40:232]


def tasks(kind: str, size: int, folder: str | None = None) -> list[Task]:
    """Returns the tasks of a kind: all textures, or all pairs of a content and a style.

    Args:
        kind: One of `TASKS`.
        size: Side in pixels to which central squares are reduced; none is enlarged.
        folder: Folder with subfolders `content`, `style` and `texture` of further images, or None.

    Raises:
        ValueError: A required subfolder is missing or has no images, or two images of one category
            have the same name.
    """

    def cropped(name: str, image: np.ndarray) -> Picture:
        return Picture(name, square(image, min(size, *image.shape[:2])))

    def pictures_of(own: dict[str, np.ndarray], below: str) -> list[Picture]:
        pictures = [cropped(name, from_array(image)) for name, image in own.items()]
        pictures += [cropped(name, image) for name, image in _folder_pictures(folder, below)]
        names = [picture.name for picture in pictures]
        if len(set(names)) < len(names):
            raise invalid_argument("images", "pictures with unique names", names)
        return pictures

    if kind == "texture":
        textures = {name: getattr(data, name)() for name in _TEXTURES}
        textures["tissue"] = tissue_texture()
        return [Task(texture) for texture in pictures_of(textures, "texture")]
    contents = pictures_of({name: getattr(data, name)() for name in _CONTENTS}, "content")
    styles = {"painting": painting(size), "tissue": data.immunohistochemistry()}
    return [Task(style, content) for content in contents for style in pictures_of(styles, "style")]


def _folder_pictures(folder: str | None, below: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yields the names and images of a subfolder, with labels cropped from textures."""
    for file in [] if folder is None else picture_files(Path(folder, below), "images"):
        image = read_image(file, "images")
        if below == "texture" and image.shape[:2] == _LABELLED:
            image = image[:_UNLABELLED, :_UNLABELLED]
        yield file.stem, image
