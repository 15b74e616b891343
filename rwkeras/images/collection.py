"""Iteration over images of a folder or of any iterable."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from rwkeras.images.batch import as_batch
from rwkeras.validation import invalid_argument


def picture_files(folder: str | os.PathLike[str], name: str = "images") -> list[Path]:
    """Returns the image files of a folder, by extension, in alphabetical order.

    Args:
        folder: The folder. Subfolders and hidden files are skipped.
        name: The argument, as the caller spells it, for messages.

    Raises:
        ValueError: The folder does not exist or contains no image.
    """
    if not Path(folder).is_dir():
        raise invalid_argument(name, "an existing folder of pictures", str(folder))
    endings = Image.registered_extensions()
    files = [
        path
        for path in sorted(Path(folder).iterdir())
        if path.is_file() and path.suffix.lower() in endings and not path.name.startswith(".")
    ]
    if not files:
        raise invalid_argument(name, "a folder that contains pictures", str(folder))
    return files


def named_files(paths: Iterable[str], name: str = "images") -> dict[str, Path]:
    """Returns image files by their names without extension, in order.

    Args:
        paths: Image files and folders of images. Files are not checked for existence.
        name: The argument, as the caller spells it, for messages.

    Raises:
        ValueError: Two files have the same name, or a folder contains no image.
    """
    files: list[Path] = []
    for path in paths:
        files += picture_files(path, name) if os.path.isdir(path) else [Path(path)]
    names = [file.stem for file in files]
    if len(set(names)) < len(names):
        raise invalid_argument(name, "files with different names", names)
    return dict(zip(names, files, strict=True))


def each_image(images: Any, name: str = "images") -> Iterator[tf.Tensor]:
    """Yields images one at a time, reading each file only when it is needed.

    Args:
        images: A folder of images, or an iterable of inputs of `as_batch`: paths, Pillow images,
            arrays or tensors, of any sizes. A batch is an iterable of its images.
        name: The argument, as the caller spells it, for messages.

    Yields:
        float32 RGB in [0, 1], [1, height, width, 3].

    Raises:
        ValueError: `images` is neither, contains no image, or contains an invalid one.
    """
    found = False
    for image in _members(images, name):
        batch = as_batch(image, name).images
        for index in range(batch.shape[0]):
            found = True
            yield batch[index : index + 1]
    if not found:
        raise invalid_argument(name, "at least one image", "none")


def _members(images: Any, name: str) -> Iterable[Any]:
    """Returns an iterable of inputs of `as_batch`."""
    if isinstance(images, str | os.PathLike):
        return picture_files(images, name)
    if isinstance(images, np.ndarray | tf.Tensor | tf.Variable | Image.Image):
        return [images]
    if isinstance(images, Iterable):
        return images
    raise invalid_argument(name, "a folder of pictures or an iterable of images", type(images))
