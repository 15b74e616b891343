"""Client of a served model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rwkeras.serving.client.deadline import Deadline
from rwkeras.serving.client.metadata import Metadata, VersionStatus
from rwkeras.serving.client.pictures import Picture, encoded
from rwkeras.serving.client.reply import Reply
from rwkeras.serving.client.settings import ClientSettings
from rwkeras.serving.client.transport import ModelSpec, connect
from rwkeras.validation import check_choice, checked_number, invalid_argument

Pictures = Picture | Sequence[Picture]


class Client:
    """Client of a model served by TensorFlow Serving.

    The model's metadata are requested before each prediction: values are converted to the input
    types, unknown names are rejected, and omitted inputs get their defaults, also over REST. The
    client is thread-safe.

    Pictures are paths, the bytes of PNG or JPEG files, arrays (uint8, or float in [0, 1], [height,
    width, channels] or a batch of it) or Pillow images; a list of them is a batch.

    Args:
        address: "http://HOST:PORT" or "https://HOST:PORT" for REST, "HOST:PORT" for gRPC, or
            "grpcs://HOST:PORT" for gRPC over TLS.
        model: Name of the model.
        version: Version of the model; by default the latest.
        label: Label of a version, instead of `version`.
        timeout: Maximum seconds of a call, including retries. Over REST, the server has its own
            limit as well, TensorFlow Serving's `--rest_api_timeout_in_ms`.
        retries: Maximum number of retries, after 0.5, 1, 2 and so on seconds, or later if the
            server says so. Only requests to busy or unavailable servers are retried: HTTP 429 and
            503, gRPC's RESOURCE_EXHAUSTED and UNAVAILABLE.

    Raises:
        ValueError: An argument is invalid. All methods may raise it too, and `ServingError` for a
            server's error or if no server answers.
    """

    def __init__(
        self,
        address: str,
        *,
        model: str = "multiscale_style",
        version: int | None = None,
        label: str | None = None,
        timeout: float = ClientSettings.timeout,
        retries: int = ClientSettings.retries,
    ):
        if not (isinstance(model, str) and model):
            raise invalid_argument("model", "the name of a model", model)
        if version is not None:
            version = checked_number("version", version, integer=True)
        if label is not None and not (isinstance(label, str) and label):
            raise invalid_argument("label", "the label of a version", label)
        if version is not None and label is not None:
            raise invalid_argument("label", "None with `version`", label)
        settings = ClientSettings(timeout, retries)
        self._timeout = settings.timeout
        self._transport = connect(address, ModelSpec(model, version, label), settings.retries)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._transport.close()

    def status(self) -> list[VersionStatus]:
        """Returns the states of the model's versions."""
        return self._transport.status(Deadline(self._timeout))

    def metadata(self) -> Metadata:
        """Returns the version that answers, and the inputs and outputs of its signatures."""
        return self._transport.metadata(Deadline(self._timeout))

    def predict(
        self,
        inputs: Mapping[str, Any],
        signature_name: str | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Returns the outputs of a signature.

        Over REST, numbers are sent as text: large arrays take seconds and many times their memory.

        Args:
            inputs: Arrays or array-likes by name. Strings are bytes or text.
            signature_name: By default "rest" over REST and "serving_default" over gRPC.
            timeout: Maximum seconds; by default the client's.

        Returns:
            Arrays by name; strings are arrays of bytes objects.
        """
        timeout = self._timeout if timeout is None else timeout
        timeout = checked_number("timeout", timeout, exclusive=True)
        deadline = Deadline(timeout)
        name = self._transport.signature_name if signature_name is None else signature_name
        signatures = self._transport.metadata(deadline).signatures
        check_choice("signature_name", name, signatures)
        signature = signatures[name]
        return self._transport.predict(name, signature, signature.fill(inputs), deadline)

    def transfer_style(
        self, content: Pictures, style: Pictures, *, timeout: float | None = None, **options: Any
    ) -> Reply:
        """Repaints pictures in the style of others.

        Args:
            content: The pictures to repaint.
            style: One style for all of them, or one for each.
            timeout: See `predict`.
            **options: Options of the model, such as `style_weight` or `max_iterations`.
        """
        pictures = {"content": content, "style": style}
        return self._work(pictures, options, timeout)

    def synthesize_texture(
        self, texture: Pictures, *, timeout: float | None = None, **options: Any
    ) -> Reply:
        """Synthesises textures like those of pictures.

        Args:
            texture: The pictures.
            timeout: See `predict`.
            **options: Options of the model, such as `width` and `height`.
        """
        return self._work({"texture": texture}, options, timeout)

    def invert(self, source: Pictures, *, timeout: float | None = None, **options: Any) -> Reply:
        """Recovers pictures from their activations, with an optimising or a decoding model.

        Args:
            source: The pictures.
            timeout: See `predict`.
            **options: Options of the model, such as `max_iterations`.
        """
        return self._work({"source": source}, options, timeout)

    def _work(
        self, pictures: Mapping[str, Pictures], options: Mapping[str, Any], timeout: float | None
    ) -> Reply:
        inputs = {f"{name}_bytes": encoded(value, name) for name, value in pictures.items()}
        signature_name = "serving_default" if options else None
        return Reply.of_outputs(
            self.predict({**inputs, **options}, signature_name, timeout=timeout)
        )
