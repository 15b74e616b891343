"""Networks named by jobs."""

import functools
import os
import tempfile
from dataclasses import dataclass

from rwkeras.backend import keras
from rwkeras.images.batch import as_batch
from rwkeras.networks.loading import load_network, make_ready
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.pictures import read_picture


@dataclass(frozen=True)
class NetworkSpec:
    """Specification of a network that any process can build.

    Attributes:
        name: A name that `load_network` knows; ignored where there is a file.
        file: A recipe or a `.keras` file, or None.
        reference: The image on which a network without a file is made ready; see `make_ready`.
        top: Whether the fully connected layers are needed.
        pooling: See `load_network`.
        subtract_mean: See `load_network`.
        initializer: See `load_network`.
        weights: A file of trained weights, or None; see `load_network`.
        seed: Of the weights.
    """

    name: str = "vgg19"
    file: FileRef | None = None
    reference: FileRef | None = None
    top: bool = False
    pooling: str | None = None
    subtract_mean: bool | None = None
    initializer: str | None = None
    weights: FileRef | None = None
    seed: int = 0

    @property
    def title(self) -> str:
        """What it is called in tables: the name of its file, or that which it goes by."""
        if self.file is None:
            return self.name
        return os.path.splitext(os.path.basename(self.file.path))[0]

    def build(self, folder: str) -> keras.Model:
        """Returns the network, built at most once for several jobs in a row.

        Args:
            folder: The sweep's folder, in which its files are.
        """
        return _build(self, folder)

    def load(self, network: str, weights: str | None) -> keras.Model:
        """Returns the network, its files being where they are now."""
        return load_network(
            network,
            layers=["fc6"] if self.top else [],
            pooling=self.pooling,
            subtract_mean=self.subtract_mean,
            initializer=self.initializer,
            weights=weights,
            seed=self.seed,
        )


@functools.lru_cache(maxsize=2)
def _build(spec: NetworkSpec, folder: str) -> keras.Model:
    with tempfile.TemporaryDirectory() as local:

        def fetched(reference: FileRef | None) -> str | None:
            if reference is None:
                return None
            path = os.path.join(local, os.path.basename(reference.path))
            with open(path, "wb") as file:
                file.write(reference.read(folder))
            return path

        model = spec.load(fetched(spec.file) or spec.name, fetched(spec.weights))
    if spec.reference is not None:
        make_ready(model, as_batch(read_picture(spec.reference, folder)).images)
    return model
