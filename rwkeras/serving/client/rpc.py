"""TensorFlow Serving's gRPC interface, the one part of the client that imports TensorFlow."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rwkeras.serving.client.deadline import Deadline, retried
from rwkeras.serving.client.errors import ServingError
from rwkeras.serving.client.messages import read_metadata, read_status
from rwkeras.serving.client.metadata import Metadata, Signature, VersionStatus
from rwkeras.serving.client.transport import ModelSpec

try:
    import grpc
    from google.protobuf import json_format
    from tensorflow import make_ndarray, make_tensor_proto
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2_grpc,
    )
except ModuleNotFoundError as error:
    raise ValueError(
        "gRPC needs additional packages, unlike REST with an http:// address: pip install "
        "'rwkeras[serving]'"
    ) from error

_OPTIONS = [
    # By default gRPC refuses messages of more than 4 MB; a photograph as floats has 50 MB.
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # `retried` does the retries.
    ("grpc.enable_retries", 0),
]
_BUSY = ("RESOURCE_EXHAUSTED", "UNAVAILABLE")


class Rpc:
    """A `Transport` over gRPC.

    Args:
        target: "HOST:PORT".
        model: The model.
        retries: How often a request is sent again at most.
        tls: Whether to use TLS, for a server with a publicly trusted certificate.
    """

    signature_name = "serving_default"

    def __init__(self, target: str, model: ModelSpec, retries: int, *, tls: bool):
        self._channel = (
            grpc.secure_channel(target, grpc.ssl_channel_credentials(), _OPTIONS)
            if tls
            else grpc.insecure_channel(target, _OPTIONS)
        )
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)
        self._spec = model_pb2.ModelSpec(name=model.name)
        if model.version is not None:
            self._spec.version.value = model.version
        if model.label is not None:
            self._spec.version_label = model.label
        self._retries = retries

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """See `Transport`."""
        request = predict_pb2.PredictRequest(model_spec=self._spec)
        request.model_spec.signature_name = name
        for key, array in inputs.items():
            request.inputs[key].CopyFrom(make_tensor_proto(array))
        answer = self._call(self._predictions.Predict, request, deadline)
        return {key: make_ndarray(tensor) for key, tensor in answer.outputs.items()}

    def metadata(self, deadline: Deadline) -> Metadata:
        """See `Transport`."""
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=self._spec, metadata_field=["signature_def"]
        )
        answer = self._call(self._predictions.GetModelMetadata, request, deadline)
        return read_metadata(_json(answer))

    def status(self, deadline: Deadline) -> list[VersionStatus]:
        """See `Transport`."""
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=self._spec)
        return read_status(_json(self._call(self._models.GetModelStatus, request, deadline)))

    def close(self) -> None:
        """See `Transport`."""
        self._channel.close()

    def _call(self, method: Callable[..., Any], request: Any, deadline: Deadline) -> Any:
        """Calls a method of a service, with retries, and returns its answer."""

        def attempt():
            try:
                return method(request, timeout=deadline.remaining())
            except grpc.RpcError as error:
                code, text = error.code().name, error.details() or ""
                if deadline.passed or "Deadline Exceeded" in text:  # gRPC's own text.
                    raise deadline.error() from error
                retry_after = 0.0 if code in _BUSY else None
                raise ServingError(text or code, code, retry_after) from error

        return retried(attempt, deadline, self._retries)


def _json(message: Any) -> dict[str, Any]:
    return json_format.MessageToDict(message, preserving_proto_field_name=True)
