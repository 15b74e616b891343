"""Client of a served model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rwkeras.serving.client.deadline import Deadline
from rwkeras.serving.client.metadata import Metadata, VersionStatus
from rwkeras.serving.client.pictures import Picture, encoded
from rwkeras.serving.client.reply import Reply
from rwkeras.serving.client.transport import ModelSpec, connect
from rwkeras.validation import check_choice, checked_number, invalid_argument

Pictures = Picture | Sequence[Picture]


class Client:
    """Client of a model served by TensorFlow Serving.

    Before each request, the model is asked what it takes: values get the types that it wants, a
    name that it does not know is refused at once, and what is left out gets its default, over REST
    too. Requests may be sent from several threads at a time.

    Pictures are paths, the bytes of PNG or JPEG files, arrays (uint8, or float in [0, 1], [height,
    width, channels] or a batch of it) or Pillow images; one, or a list that makes a batch.

    Args:
        address: "http://HOST:PORT" or "https://HOST:PORT" for REST, "HOST:PORT" for gRPC, or
            "grpcs://HOST:PORT" for gRPC over TLS.
        model: Its name.
        version: Which version; by default the latest.
        label: The label of a version, instead.
        timeout: How many seconds a call may take, with all that is tried again. Over REST, a server
            has a limit of its own as well, TensorFlow Serving's `--rest_api_timeout_in_ms`.
        retries: How often a request is sent again, after 0.5, 1, 2 and so on seconds, or later if
            the server says so. That is done only if it was too busy or not to be had: HTTP 429
            and 503, gRPC's RESOURCE_EXHAUSTED and UNAVAILABLE.

    Raises:
        ValueError: An argument cannot be used. Every method raises that, too, and `ServingError`
            for what the server has to say, or if there is none.
    """

    def __init__(
        self,
        address: str,
        *,
        model: str = "multiscale_style",
        version: int | None = None,
        label: str | None = None,
        timeout: float = 300.0,
        retries: int = 3,
    ):
        if not (isinstance(model, str) and model):
            raise invalid_argument("model", "the name of a model", model)
        if version is not None:
            version = checked_number("version", version, integer=True)
        if label is not None and not (isinstance(label, str) and label):
            raise invalid_argument("label", "a version's label", label)
        if version is not None and label is not None:
            raise invalid_argument("label", "None if there is a version", label)
        timeout = checked_number("timeout", timeout, exclusive=True)
        retries = checked_number("retries", retries, integer=True)
        self._timeout = timeout
        self._transport = connect(address, ModelSpec(model, version, label), retries)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection."""
        self._transport.close()

    def status(self) -> list[VersionStatus]:
        """Returns the states of the model's versions."""
        return self._transport.status(Deadline(self._timeout))

    def metadata(self) -> Metadata:
        """Returns the version that answers, and what its signatures take and give."""
        return self._transport.metadata(Deadline(self._timeout))

    def predict(
        self,
        inputs: Mapping[str, Any],
        signature_name: str | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Returns what a signature makes of its inputs.

        Over REST, numbers travel as text: large arrays take seconds and many times their memory.

        Args:
            inputs: Arrays, or what NumPy makes arrays of, by name. Strings are bytes or text.
            signature_name: By default "rest" over REST and "serving_default" over gRPC.
            timeout: How many seconds it may take; by default as the client says.

        Returns:
            Arrays by name; strings are objects, each of which is bytes.
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
            content: The pictures to paint.
            style: One style for all of them, or one for each.
            timeout: As that of `predict`.
            **options: Of the model, such as `style_weight` or `max_iterations`.
        """
        pictures = {"content": content, "style": style}
        return self._work(pictures, options, timeout)

    def synthesize_texture(
        self, texture: Pictures, *, timeout: float | None = None, **options: Any
    ) -> Reply:
        """Synthesises textures like those of pictures.

        Args:
            texture: The pictures.
            timeout: As that of `predict`.
            **options: Of the model, such as `width` and `height`.
        """
        return self._work({"texture": texture}, options, timeout)

    def invert(self, source: Pictures, *, timeout: float | None = None, **options: Any) -> Reply:
        """Recovers pictures from their activations, by a model that optimises or one that decodes.

        Args:
            source: The pictures.
            timeout: As that of `predict`.
            **options: Of the model, such as `max_iterations`.
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
