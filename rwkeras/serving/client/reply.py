"""Replies of a served model: images and losses of a batch."""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from rwkeras.images.files import check_output, whole_file
from rwkeras.validation import invalid_argument


class Reply(NamedTuple):
    """Images and losses returned by a served model.

    All but the images are None for a model without these outputs, such as a decoder.

    Attributes:
        images: PNG files, one for each image of the batch.
        loss: The weighted sum of all terms, float32, [batch].
        initial_loss: The same at the start.
        losses: The weighted terms, float32, [batch, terms].
        iterations: Number of iterations, int32, [batch].
        evaluations: Number of gradient evaluations, int32, [batch].
        converged: Whether the loss stopped falling, bool, [batch].
        failed: Whether no lower loss was found or the loss is not finite, bool, [batch].
    """

    images: list[bytes]
    loss: np.ndarray | None = None
    initial_loss: np.ndarray | None = None
    losses: np.ndarray | None = None
    iterations: np.ndarray | None = None
    evaluations: np.ndarray | None = None
    converged: np.ndarray | None = None
    failed: np.ndarray | None = None

    @classmethod
    def of_outputs(cls, outputs: Mapping[str, np.ndarray]) -> "Reply":
        """Returns a reply with the outputs of a signature, ignoring unknown ones."""
        images = outputs["image_bytes"].tolist()
        return cls(images, **{n: outputs[n] for n in cls._fields if n in outputs})

    def pillow(self) -> list[Image.Image]:
        """Returns the images as Pillow images."""
        return [Image.open(io.BytesIO(png)) for png in self.images]

    def save(self, path: str | os.PathLike[str]) -> list[Path]:
        """Writes the images, each file atomically.

        Args:
            path: A file name that ends in ".png"; several images are written to "PATH-0.png",
                "PATH-1.png" and so on.

        Returns:
            Paths of the files.

        Raises:
            ValueError: A path cannot be written.
        """
        path = check_png_output(path, "path")
        several = len(self.images) > 1
        names = [f"{path.stem}-{i}.png" if several else path.name for i in range(len(self.images))]
        paths = [path.with_name(name) for name in names]
        for target in paths:
            check_output(target, "path")
        for target, png in zip(paths, self.images, strict=True):
            with whole_file(target) as temporary:
                temporary.write_bytes(png)
        return paths


def check_png_output(path: str | os.PathLike[str], name: str) -> Path:
    """Returns a path that a PNG file can be written to, or raises `ValueError`."""
    path = check_output(path, name)
    if path.suffix.lower() != ".png":
        raise invalid_argument(name, "a file name that ends in .png", str(path))
    return path
