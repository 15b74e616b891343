"""Jobs that encode an image and decode it again."""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from rwkeras.backend import keras
from rwkeras.decoders.decnn import decnn, load_decoder
from rwkeras.decoders.decode import decode
from rwkeras.decoders.network import decoder
from rwkeras.decoders.settings import DecoderSettings
from rwkeras.experiments.jobs.measures import similarity
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.structure import color_mapped, match_mean_std, structure
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture


@dataclass(frozen=True)
class UntrainedDecoder:
    """Specification of an encoder with a decoder of random weights.

    Attributes:
        network: The encoder.
        layer: The layer whose activations are decoded.
        decoder: Settings of the decoder's architecture, including its seed.
    """

    network: NetworkSpec
    layer: str
    decoder: DecoderSettings = DecoderSettings()


@functools.lru_cache(maxsize=2)
def build_decnn(given: FileRef | UntrainedDecoder, folder: str) -> keras.Model:
    """Returns an encoder followed by its decoder, cached for consecutive jobs.

    Args:
        given: A file written by `DecoderFit`, or the specification of an untrained decoder.
        folder: The sweep's folder, to which file references are relative.
    """
    if isinstance(given, FileRef):
        with given.local_copy(folder) as path:
            return load_decoder(path)
    model = given.network.build(folder)
    untrained = decoder(model, given.layer, given.decoder)
    return decnn(model, given.layer, untrained)


@dataclass(frozen=True)
class Decoding:
    """Encodes an image and decodes it with a trained decoder.

    Attributes:
        decoder: A file written by `DecoderFit`.
        image: The image.
    """

    decoder: FileRef
    image: FileRef

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Jobs with the same decoder reuse it."""
        return (self.decoder,)

    def run(self, folder: str) -> JobResult:
        """Returns the decoded picture and its similarity to the source."""
        source = read_picture(self.image, folder)
        picture = decode(build_decnn(self.decoder, folder), source)
        return JobResult(similarity(picture, source), {"picture": picture})


@dataclass(frozen=True)
class UntrainedDecoding:
    """Encodes an image and decodes it with an untrained decoder.

    Attributes:
        decoder: The encoder and the untrained decoder.
        image: The image.
    """

    decoder: UntrainedDecoder
    image: FileRef

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Jobs with the same encoder reuse it."""
        return (self.decoder.network,)

    def run(self, folder: str) -> JobResult:
        """Returns the measures of `structure`, and the picture before and after `color_mapped`.

        The picture is shown with the mean and standard deviation of the source.
        """
        source = read_picture(self.image, folder)
        output = build_decnn(self.decoder, folder)(source[np.newaxis], training=False).numpy()[0]
        pictures = {
            "picture": np.clip(match_mean_std(output, source), 0, 1),
            "mapped": np.clip(color_mapped(output, source), 0, 1),
        }
        return JobResult(structure(output, source), pictures)
