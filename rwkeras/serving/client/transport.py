"""Transport to a server, REST or gRPC, chosen by its address."""

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import numpy as np

from rwkeras.serving.client.deadline import Deadline
from rwkeras.serving.client.metadata import Metadata, Signature, VersionStatus
from rwkeras.validation import invalid_argument

_GRPC = re.compile(r"(?P<tls>grpcs://)?(?P<target>([^\s/:@\[\]]+|\[[\da-fA-F:.]+\]):\d{1,5})")


class ModelSpec(NamedTuple):
    """Name, version and label of a model.

    Attributes:
        name: Its name.
        version: Its version; None for the latest, or that of the label.
        label: The version's label, or None.
    """

    name: str
    version: int | None
    label: str | None


class Transport(Protocol):
    """Transport of requests to a server; every method may raise `ServingError`.

    Attributes:
        signature_name: The signature that encoded images without options go to.
    """

    signature_name: str

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """Returns the outputs of a signature, by name, for all of its inputs."""

    def metadata(self, deadline: Deadline) -> Metadata:
        """Returns what the model takes and gives."""

    def status(self, deadline: Deadline) -> list[VersionStatus]:
        """Returns the states of the model's versions."""

    def close(self) -> None:
        """Ends the connection."""


def connect(address: str, model: ModelSpec, retries: int) -> Transport:
    """Returns the way to a model; nothing is sent yet.

    Args:
        address: As that of `Client`.
        model: The model.
        retries: How often a request is sent again that a server was too busy for.

    Raises:
        ValueError: There is no such address, or what gRPC needs is not installed.
    """
    expected = '"http://HOST:PORT", "https://HOST:PORT", "HOST:PORT" for gRPC, or "grpcs://..."'
    if re.match("https?://", str(address)):
        try:
            parts = urlsplit(address)
            valid = parts.hostname and parts.port != 0 and not (parts.query or parts.fragment)
        except ValueError:  # The port is no number.
            valid = False
        if not valid:
            raise invalid_argument("address", expected, address)
        from rwkeras.serving.client.rest import Rest

        return Rest(address, model, retries)
    match = _GRPC.fullmatch(str(address))
    if match is None:
        raise invalid_argument("address", expected, address)
    # What it needs takes seconds to import, TensorFlow above all.
    from rwkeras.serving.client.rpc import Rpc

    return Rpc(match["target"], model, retries, tls=match["tls"] is not None)
