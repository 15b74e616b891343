"""Training photographs: squares of one size, from a folder or an iterable of images."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.images.collection import each_image
from rwkeras.images.reading import square
from rwkeras.images.writing import to_uint8
from rwkeras.validation import invalid_argument

# Larger data sets are not cached in memory but read again in each epoch.
_CACHE_BYTES = 2**31


class Photographs(NamedTuple):
    """Squares of photographs.

    Attributes:
        squares: Dataset of uint8 RGB, [size, size, 3], in a fixed order.
        total: Number of photographs.
        unreadable: Names of files that were skipped because they are not images or broken.
    """

    squares: tf.data.Dataset
    total: int
    unreadable: tuple[str, ...]


@eager_only
def read_photographs(images: Any, size: int, smallest: int, name: str = "images") -> Photographs:
    """Reads photographs, crops each to a central square and resamples it.

    Args:
        images: A folder, whose JPEG, PNG, BMP and GIF files are read recursively, or an iterable of
            anything that `as_batch` accepts.
        size: Side of the squares after resampling, in pixels.
        smallest: Minimum shorter side of a photograph, in pixels.
        name: Name of the argument, for error messages.

    Raises:
        ValueError: The folder does not exist, none of its files can be read, or a photograph is
            smaller than `smallest`.
    """
    if isinstance(images, str | os.PathLike):
        return _from_folder(Path(images), size, smallest, name)
    squares: list[np.ndarray] = []
    for image in each_image(images, name):
        shape = tuple(image.shape[1:3])
        if min(shape) < smallest:
            raise _too_small(name, smallest, f"{shape[1]} x {shape[0]}, image {len(squares) + 1}")
        squares.append(to_uint8(square(image[0].numpy(), size)))
    return Photographs(tf.data.Dataset.from_tensor_slices(np.stack(squares)), len(squares), ())


def _too_small(name: str, smallest: int, found: str) -> ValueError:
    expected = f"pictures of at least {smallest} x {smallest} pixels, the size of a crop"
    return invalid_argument(name, expected, found)


def _from_folder(folder: Path, size: int, smallest: int, name: str) -> Photographs:
    if not folder.is_dir():
        raise invalid_argument(name, "an existing folder of pictures", str(folder))
    try:
        read = keras.utils.image_dataset_from_directory(
            str(folder),
            labels=None,
            batch_size=None,
            image_size=(size, size),
            interpolation="area",
            shuffle=False,
            crop_to_aspect_ratio=True,
            verbose=False,
        )
    except ValueError as error:  # Raised by Keras for a folder without images.
        raise invalid_argument(name, "a folder that contains pictures", str(folder)) from error
    files = list(read.file_paths)
    shapes = _shapes(files)
    unreadable = tuple(os.path.relpath(file, folder) for file in files if file not in shapes)
    if not shapes:
        found = f"{folder}, whose {len(files)} files are broken or not pictures"
        raise invalid_argument(name, "a folder that contains pictures", found)
    small = [file for file, shape in shapes.items() if min(shape[:2]) < smallest]
    if small:
        height, width = shapes[small[0]][:2]
        more = f", and {len(small) - 1} more" if len(small) > 1 else ""
        raise _too_small(name, smallest, f"{small[0]} of {width} x {height}{more}")
    squares = read.ignore_errors().map(lambda x: tf.cast(tf.round(x), tf.uint8))
    if len(shapes) * size * size * 3 <= _CACHE_BYTES:
        squares = squares.cache()
    return Photographs(squares, len(shapes), unreadable)


def _shapes(files: list[str]) -> dict[str, np.ndarray]:
    """Returns the shapes, (height, width, channels), of all readable files, by name."""

    def shape(file: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = tf.io.decode_image(tf.io.read_file(file), channels=3, expand_animations=False)
        return file, tf.shape(image)

    dataset = tf.data.Dataset.from_tensor_slices(files).map(shape, tf.data.AUTOTUNE)
    readable = dataset.ignore_errors().as_numpy_iterator()
    return {file.decode(): size for file, size in readable}
