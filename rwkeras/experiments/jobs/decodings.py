"""Jobs that decode images."""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from rwkeras.backend import keras
from rwkeras.decoders.decnn import decnn, load_decoder
from rwkeras.decoders.decode import decode
from rwkeras.decoders.network import decoder
from rwkeras.decoders.settings import DecoderSettings
from rwkeras.experiments.jobs.measures import likeness
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.structure import color_mapped, matched, structure
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture


@dataclass(frozen=True)
class UntrainedDecoder:
    """A network up to a layer and a decoder of random weights, which any process can build.

    Attributes:
        network: The encoder.
        layer: The layer whose activations are decoded.
        decoder: The decoder's shape, with its seed.
    """

    network: NetworkSpec
    layer: str
    decoder: DecoderSettings = DecoderSettings()


@functools.lru_cache(maxsize=2)
def build_decnn(given: FileRef | UntrainedDecoder, folder: str) -> keras.Model:
    """Returns an encoder with its decoder, built at most once for several jobs in a row.

    Args:
        given: A file that `DecoderFit` made, or a decoder without training.
        folder: The sweep's folder, in which files are.
    """
    if isinstance(given, FileRef):
        with given.fetched(folder) as path:
            return load_decoder(path)
    model = given.network.build(folder)
    untrained = decoder(model, given.layer, given.decoder)
    return decnn(model, given.layer, untrained)


@dataclass(frozen=True)
class Decoding:
    """Encodes an image and decodes it.

    Attributes:
        decoder: A file that `DecoderFit` made.
        image: The image.
    """

    decoder: FileRef
    image: FileRef

    @property
    def affinity(self) -> tuple[Any, ...]:
        """The decoder is of use to the next."""
        return (self.decoder,)

    def run(self, folder: str) -> JobResult:
        """Returns the picture and its likeness to the source."""
        source = read_picture(self.image, folder)
        picture = decode(build_decnn(self.decoder, folder), source)
        return JobResult(likeness(picture, source), {"picture": picture})


@dataclass(frozen=True)
class UntrainedDecoding:
    """Encodes an image and decodes it with random weights alone.

    Attributes:
        decoder: The network and the decoder.
        image: The image.
    """

    decoder: UntrainedDecoder
    image: FileRef

    @property
    def affinity(self) -> tuple[Any, ...]:
        """The encoder is of use to the next."""
        return (self.decoder.network,)

    def run(self, folder: str) -> JobResult:
        """Returns what of the source there is to see, before and after the best map of colours."""
        source = read_picture(self.image, folder)
        output = build_decnn(self.decoder, folder)(source[np.newaxis], training=False).numpy()[0]
        pictures = {
            "picture": np.clip(matched(output, source), 0, 1),
            "mapped": np.clip(color_mapped(output, source), 0, 1),
        }
        return JobResult(structure(output, source), pictures)
