"""TensorFlow Serving's interfaces in front of any function, for clients to be tested against.

gRPC is grpcio's server with the services of tensorflow-serving-api; REST is in `wire_rest.py`.
"""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent import futures
from dataclasses import dataclass, field

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_shape_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

# Of a signature's name and its inputs by their names, strings as objects; all of the inputs.
Predict = Callable[[str, dict[str, np.ndarray]], Mapping[str, np.ndarray]]
SignatureDef = meta_graph_pb2.SignatureDef
Spec = tuple[str, list[int | None] | None]


class ServedError(Exception):
    """A status that is not OK.

    Anything that is raised and has a code and a message is answered like it.
    """

    def __init__(self, code: str, message: str, retry_after: str | None = None):
        super().__init__(code, message)
        self.code, self.message, self.retry_after = code, message, retry_after


def signature_def(
    inputs: Mapping[str, Spec],
    outputs: Mapping[str, Spec],
    defaults: Mapping[str, np.generic | bytes] | None = None,
) -> SignatureDef:
    """Returns the signature of inputs and outputs, ("float32", [None, 3]) each, and defaults."""
    signature = SignatureDef(method_name="tensorflow/serving/predict")
    for infos, specs in ((signature.inputs, inputs), (signature.outputs, outputs)):
        for name, (dtype, shape) in specs.items():
            infos[name].name = f"{name}:0"
            infos[name].dtype = tf.as_dtype(dtype).as_datatype_enum
            infos[name].tensor_shape.CopyFrom(_shape(shape))
    for name, value in (defaults or {}).items():
        signature.defaults[name].CopyFrom(tf.make_tensor_proto(value))
    return signature


def _shape(shape: list[int | None] | None) -> tensor_shape_pb2.TensorShapeProto:
    return tf.TensorShape(shape).as_proto()


@dataclass
class Model:
    """What a server serves, and a record of what it was asked.

    Attributes:
        predict: What it does.
        signatures: What it takes and gives.
        name: Its name.
        versions: Its versions, which do the same.
        labels: Versions by label.
        failures: What the next requests to predict are answered, one each.
        requests: The (version, signature, inputs as they came) of requests to predict.
        by_version: What versions do that do another thing than `predict`.
    """

    predict: Predict
    signatures: Mapping[str, SignatureDef]
    name: str = "multiscale_style"
    versions: tuple[int, ...] = (1,)
    labels: Mapping[str, int] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    requests: list[tuple[int, str, dict[str, np.ndarray]]] = field(default_factory=list)
    by_version: Mapping[int, Predict] = field(default_factory=dict)

    def of(self, spec: model_pb2.ModelSpec) -> "Model":
        """Returns itself, as the only one of its server."""
        return self

    def version(self, spec: model_pb2.ModelSpec) -> int:
        """Returns the version that is asked for."""
        choice = spec.WhichOneof("version_choice")
        if choice == "version_label":
            if spec.name == self.name and spec.version_label in self.labels:
                return self.labels[spec.version_label]
            text = f"Unrecognized servable version label: {spec.version_label}"
            raise ServedError("INVALID_ARGUMENT", text)
        version = spec.version.value if choice == "version" else self.versions[-1]
        if spec.name != self.name or version not in self.versions:
            asked = f"Specific({spec.name}, {version})" if choice else f"Latest({spec.name})"
            raise ServedError("NOT_FOUND", f"Servable not found for request: {asked}")
        return version

    def run(
        self, spec: model_pb2.ModelSpec, inputs: dict[str, np.ndarray]
    ) -> Mapping[str, np.ndarray]:
        """Answers a request to predict."""
        version, name = self.version(spec), spec.signature_name or "serving_default"
        self.requests.append((version, name, inputs))
        if self.failures:
            raise self.failures.pop(0)
        if name not in self.signatures:
            raise ServedError("FAILED_PRECONDITION", f'Serving signature key "{name}" not found.')
        signature = self.signatures[name]
        defaults = {key: tf.make_ndarray(value) for key, value in signature.defaults.items()}
        given = {**defaults, **inputs}
        if given.keys() != signature.inputs.keys():
            text = f"input size does not match signature: {sorted(given)}"
            raise ServedError("INVALID_ARGUMENT", text)
        for key, info in signature.inputs.items():
            wanted = tf.as_dtype(info.dtype)
            if given[key].dtype != wanted.as_numpy_dtype:
                text = f"Expects {key} to be {wanted.name} but {given[key].dtype} is provided"
                raise ServedError("INVALID_ARGUMENT", text)
        return self.by_version.get(version, self.predict)(name, given)

    def metadata(
        self, spec: model_pb2.ModelSpec
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Returns what the model takes and gives."""
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        answer.model_spec.name = self.name
        answer.model_spec.version.value = self.version(spec)
        signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=self.signatures)
        answer.metadata["signature_def"].Pack(signatures)
        return answer

    def status(self, spec: model_pb2.ModelSpec) -> get_model_status_pb2.GetModelStatusResponse:
        """Returns the states of one version or, labels or not, of all."""
        version = self.version(spec)
        one = spec.WhichOneof("version_choice") == "version"
        answer = get_model_status_pb2.GetModelStatusResponse()
        for number in (version,) if one else reversed(self.versions):
            answer.model_version_status.add(version=number, state="AVAILABLE").status.SetInParent()
        return answer


class Models:
    """Several models, each of which answers what asks for it by its name."""

    def __init__(self, models: Iterable[Model]):
        self._models = {model.name: model for model in models}

    def of(self, spec: model_pb2.ModelSpec) -> Model:
        """Returns the model that is asked for, or another, which says that there is none such."""
        return self._models.get(spec.name, next(iter(self._models.values())))


def failure_of(error: Exception) -> ServedError:
    """Returns what an error is answered as."""
    if isinstance(error, ServedError):
        return error
    return ServedError(getattr(error, "code", "INTERNAL"), getattr(error, "message", repr(error)))


def _answer(context: grpc.ServicerContext, function: Callable):
    try:
        return function()
    except Exception as error:
        failure = failure_of(error)
        return context.abort(grpc.StatusCode[failure.code], failure.message)


class _Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, model: Model | Models):
        self._model = model

    def Predict(self, request, context):  # noqa: N802 (gRPC's name)
        def run():
            inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
            outputs = self._model.of(request.model_spec).run(request.model_spec, inputs)
            tensors = {name: tf.make_tensor_proto(array) for name, array in outputs.items()}
            return predict_pb2.PredictResponse(model_spec=request.model_spec, outputs=tensors)

        return _answer(context, run)

    def GetModelMetadata(self, request, context):  # noqa: N802
        return _answer(
            context, lambda: self._model.of(request.model_spec).metadata(request.model_spec)
        )


class _Models(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, model: Model | Models):
        self._model = model

    def GetModelStatus(self, request, context):  # noqa: N802
        return _answer(
            context, lambda: self._model.of(request.model_spec).status(request.model_spec)
        )


@contextlib.contextmanager
def rpc_server(model: Model | Models, port: int = 0) -> Iterator[str]:
    """Serves a model over gRPC on the loopback interface; yields the address, "HOST:PORT"."""
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(4), options=options)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(_Predictions(model), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(_Models(model), server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()


@contextlib.contextmanager
def rest_server(model: Model | Models, port: int = 0) -> Iterator[str]:
    """Serves a model over REST on the loopback interface; yields the address, "http://..."."""
    from tests.serving.wire_rest import Server

    with Server(model, port) as server:
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
