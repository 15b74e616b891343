"""The source image of a tool, read from the file named by a flag."""

import functools
import warnings
from pathlib import Path

from rwkeras.commands.flags import FLAGS
from rwkeras.commands.input_pictures import fit_picture
from rwkeras.images.batch import ImageBatch, as_batch
from rwkeras.images.reading import Picture, read_picture, warn_of_alpha
from rwkeras.images.writing import holds_alpha, holds_icc_profile


class Source:
    """Source picture, read once on first access.

    Its alpha channel and ICC profile are passed on to the result if the format of `--output`
    supports them; otherwise a warning is given.

    Args:
        flag: Name of the flag with the path.
        path: Path of the file; None for the flag's value.
        alpha: Whether the result gets the alpha channel, as it has the shape of the picture.
    """

    def __init__(self, flag: str, path: str | None = None, *, alpha: bool = True):
        self._flag = flag
        self._path = path
        self._shaped = alpha

    @property
    def _file(self) -> str:
        return str(FLAGS[self._flag].value) if self._path is None else self._path

    @functools.cached_property
    def picture(self) -> Picture:
        """The picture at its original size, without the parts that the result cannot hold."""
        picture = read_picture(self._file, self._flag)
        if not self._shaped:
            picture = picture._replace(alpha=None)
        if picture.alpha is not None and not holds_alpha(FLAGS.output):
            warn_of_alpha(self._flag)
            picture = picture._replace(alpha=None)
        if picture.icc_profile is not None and not holds_icc_profile(FLAGS.output):
            ending = Path(FLAGS.output).suffix
            message = f"`{self._flag}` has an ICC profile, which a {ending} file does not support."
            warnings.warn(message, stacklevel=2)
            picture = picture._replace(icc_profile=None)
        return picture

    @functools.cached_property
    def batch(self) -> ImageBatch:
        """The picture as a batch, resampled to `--image_size`."""
        image = fit_picture(self._flag, self._file, self.picture.image, FLAGS.image_size)
        return as_batch(image, self._flag)
