"""Specifications of networks in jobs, and reproducible `.keras` files."""

import contextlib
import functools
import io
import json
import os
import re
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from rwkeras.backend import keras
from rwkeras.images.batch import as_batch
from rwkeras.networks.batch_normalization import adapt_batch_normalization
from rwkeras.networks.loading import load_network, make_ready
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.pictures import read_picture

# Keras records here when a model was saved, so that files of the same network would differ.
_METADATA, _UNDATED = "metadata.json", {"date_saved": "1980-01-01@00:00:00"}


@dataclass(frozen=True)
class NetworkSpec:
    """Specification of a network, from which any process can build it.

    Attributes:
        name: A name that `load_network` accepts; ignored if there is a file.
        file: A recipe or a `.keras` file, or None.
        reference: The image on which activations are normalised, see `make_ready`; None to leave
            the network unchanged.
        top: Whether the fully connected layers are needed.
        pooling: See `load_network`.
        subtract_mean: See `load_network`.
        initializer: See `load_network`.
        weights: A file of trained weights, a name that `load_network` accepts, or None.
        adapt: Whether batch normalisation takes its statistics from the reference even if it was
            trained.
        seed: Seed of the weights.
    """

    name: str = "vgg19"
    file: FileRef | None = None
    reference: FileRef | None = None
    top: bool = False
    pooling: str | None = None
    subtract_mean: bool | None = None
    initializer: str | None = None
    weights: FileRef | str | None = None
    adapt: bool = False
    seed: int = 0

    @property
    def title(self) -> str:
        """The name in tables: that of the file without extension, or `name`."""
        if self.file is None:
            return self.name
        return os.path.splitext(os.path.basename(self.file.path))[0]

    def build(self, folder: str) -> keras.Model:
        """Returns the network, cached for consecutive jobs.

        Args:
            folder: The sweep's folder, to which file references are relative.
        """
        return _build(self, folder)


@functools.lru_cache(maxsize=2)
def _build(spec: NetworkSpec, folder: str) -> keras.Model:
    with contextlib.ExitStack() as files:
        file, weights = (
            files.enter_context(given.local_copy(folder)) if isinstance(given, FileRef) else given
            for given in (spec.file, spec.weights)
        )
        model = load_network(
            file or spec.name,
            layers=["fc6"] if spec.top else [],
            pooling=spec.pooling,
            subtract_mean=spec.subtract_mean,
            initializer=spec.initializer,
            weights=weights,
            seed=spec.seed,
        )
    if spec.reference is not None:
        images = as_batch(read_picture(spec.reference, folder)).images
        if spec.adapt:
            adapt_batch_normalization(model, images)
        else:
            make_ready(model, images)
    return model


def _with_numbered_objects(config: bytes) -> bytes:
    """Returns a model's configuration with shared objects numbered in order of appearance.

    Keras numbers them by memory address, which differs between processes.
    """
    numbers = dict[bytes, bytes]()

    def numbered(match: re.Match[bytes]) -> bytes:
        return match[1] + numbers.setdefault(match[2], str(len(numbers)).encode())

    return re.sub(rb'("shared_object_id": )(\d+)', numbered, config)


def network_bytes(model: keras.Model) -> bytes:
    """Returns the bytes of a model's `.keras` file, equal for equal models."""
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        with zipfile.ZipFile(path) as saved, zipfile.ZipFile(buffer, "w") as undated:
            for name in saved.namelist():
                content = saved.read(name)
                if name == _METADATA:
                    content = json.dumps({**json.loads(content), **_UNDATED}).encode()
                if name == "config.json":
                    content = _with_numbered_objects(content)
                undated.writestr(zipfile.ZipInfo(name), content)  # Dated 1980 by default.
    return buffer.getvalue()
