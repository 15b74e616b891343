"""Transport to a server, REST or gRPC, selected by its address."""

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
        name: Name of the model.
        version: Version number; None for the latest, or that of the label.
        label: Label of a version, or None.
    """

    name: str
    version: int | None
    label: str | None


class Transport(Protocol):
    """Transport of requests to a server; every method may raise `ServingError`.

    Attributes:
        signature_name: Default signature, for encoded images without options.
    """

    signature_name: str

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """Returns the outputs of a signature by name; needs all of its inputs."""

    def metadata(self, deadline: Deadline) -> Metadata:
        """Returns the model's version and signatures."""

    def status(self, deadline: Deadline) -> list[VersionStatus]:
        """Returns the states of the model's versions."""

    def close(self) -> None:
        """Closes the connection."""


def connect(address: str, model: ModelSpec, retries: int) -> Transport:
    """Returns a transport to a model, without sending anything yet.

    Args:
        address: See `Client`.
        model: The model.
        retries: Maximum number of retries of a request.

    Raises:
        ValueError: The address is invalid, or gRPC's dependencies are not installed.
    """
    expected = '"http://HOST:PORT", "https://HOST:PORT", "HOST:PORT" for gRPC, or "grpcs://..."'
    if re.match("https?://", str(address)):
        try:
            parts = urlsplit(address)
            valid = parts.hostname and parts.port != 0 and not (parts.query or parts.fragment)
        except ValueError:  # The port is not a number.
            valid = False
        if not valid:
            raise invalid_argument("address", expected, address)
        from rwkeras.serving.client.rest import Rest

        return Rest(address, model, retries)
    match = _GRPC.fullmatch(str(address))
    if match is None:
        raise invalid_argument("address", expected, address)
    # Takes seconds to import, mainly for TensorFlow.
    from rwkeras.serving.client.rpc import Rpc

    return Rpc(match["target"], model, retries, tls=match["tls"] is not None)
