"""The REST interface of TensorFlow Serving, by its json_tensor.cc and http_rest_api_util.cc."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow_serving.apis import get_model_metadata_pb2, model_pb2

from tests.serving.wire import Model, Models, ServedError, SignatureDef, failure_of

_WHICH = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_PREDICT = re.compile(rf"/v1/models/(?P<name>[^/:]+){_WHICH}:predict")
_DESCRIBE = re.compile(rf"/v1/models/(?P<name>[^/:]+){_WHICH}(?P<metadata>/metadata)?")
_STATUSES = {
    "CANCELLED": 499,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "UNAUTHENTICATED": 401,
}
# What NumPy makes of the JSON values that a type of tensor takes.
_KINDS = {"f": "fiu", "i": "iu", "u": "iu", "b": "b"}


class Server(ThreadingHTTPServer):
    """A server of models on the loopback interface."""

    daemon_threads = True

    def __init__(self, model: Model | Models, port: int):
        super().__init__(("127.0.0.1", port), _Handler)
        self.model = model


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # The connection stays.
    server: Server

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer(self._describe)

    def do_PUT(self):
        self._answer(self._refuse)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(lambda: self._predict(body))

    def _answer(self, function):
        headers = {}
        try:
            status, answer = 200, function()
        except Exception as error:
            failure = failure_of(error)
            status, answer = _STATUSES.get(failure.code, 500), {"error": failure.message}
            if failure.retry_after is not None:
                headers["Retry-After"] = failure.retry_after
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _refuse(self):
        raise ServedError("INVALID_ARGUMENT", f"Malformed request: {self.command} {self.path}")

    def _match(self, pattern: re.Pattern[str]) -> tuple[re.Match[str], model_pb2.ModelSpec]:
        if not self.path.startswith("/v1/"):
            raise ServedError("NOT_FOUND", "No handler")
        match = pattern.fullmatch(self.path)
        if match is None:
            self._refuse()
        spec = model_pb2.ModelSpec(name=unquote(match["name"]))
        if match["version"]:
            spec.version.value = int(match["version"])
        if match["label"]:
            spec.version_label = unquote(match["label"])
        return match, spec

    def _describe(self) -> Any:
        match, spec = self._match(_DESCRIBE)
        if not match["metadata"]:
            return _json(self.server.model.of(spec).status(spec))
        answer = self.server.model.of(spec).metadata(spec)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        answer.metadata["signature_def"].Unpack(signatures)
        names = {"preserving_proto_field_name": True}
        return {
            "model_spec": _json(answer.model_spec, **names),
            "metadata": {"signature_def": _json(signatures, **names)},
        }

    def _predict(self, body: bytes) -> Any:
        spec = self._match(_PREDICT)[1]
        self.server.model.of(spec).version(spec)
        try:
            request = json.loads(body)
        except ValueError as error:
            raise ServedError("INVALID_ARGUMENT", f"JSON Parse error: {error}") from error
        name = request.get("signature_name", "serving_default")
        if name not in self.server.model.of(spec).signatures:
            text = f'Serving signature name: "{name}" not found in signature def'
            raise ServedError("INVALID_ARGUMENT", text)
        spec.signature_name = name
        signature = self.server.model.of(spec).signatures[name]
        if "instances" in request and "inputs" in request:
            raise ServedError("INVALID_ARGUMENT", "Both 'inputs' and 'instances' keys")
        if "instances" in request:
            outputs = self.server.model.of(spec).run(
                spec, _from_rows(request["instances"], signature)
            )
            return {"predictions": _rows(outputs)}
        if "inputs" not in request:
            raise ServedError("INVALID_ARGUMENT", "Missing 'inputs' or 'instances' key")
        outputs = self.server.model.of(spec).run(spec, _from_columns(request["inputs"], signature))
        return {"outputs": _columns(outputs)}


def _json(message, **options) -> Any:
    text = json_format.MessageToJson(message, always_print_fields_with_no_presence=True, **options)
    return json.loads(text)


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"b64"}


def _from_rows(rows: list, signature: SignatureDef) -> dict[str, np.ndarray]:
    named = [row if isinstance(row, dict) and not _is_base64(row) else None for row in rows]
    if None in named:
        if len(signature.inputs) > 1:
            raise ServedError(
                "INVALID_ARGUMENT", "instances is a plain list, but expecting objects"
            )
        named = [dict.fromkeys(signature.inputs, row) for row in rows]
    for i, row in enumerate(named):
        if row.keys() != signature.inputs.keys():
            keys = ",".join(sorted(signature.inputs))
            text = f"Failed to process element: {i} of 'instances' list. keys must be equal to: "
            raise ServedError("INVALID_ARGUMENT", text + keys)
    return {
        name: _tensor([row[name] for row in named], info.dtype)
        for name, info in signature.inputs.items()
    }


def _from_columns(columns: Any, signature: SignatureDef) -> dict[str, np.ndarray]:
    if not isinstance(columns, dict) or _is_base64(columns):
        if len(signature.inputs) > 1:
            raise ServedError(
                "INVALID_ARGUMENT", "inputs is a plain value/list, but expecting an object"
            )
        columns = dict.fromkeys(signature.inputs, columns)
    for name in sorted(signature.inputs):  # Others are ignored.
        if name not in columns:
            raise ServedError(
                "INVALID_ARGUMENT", f"Missing named input: {name} in 'inputs' object."
            )
    return {name: _tensor(columns[name], info.dtype) for name, info in signature.inputs.items()}


def _tensor(value: Any, enum: int) -> np.ndarray:
    dtype = tf.as_dtype(enum)
    if dtype == tf.string:
        return np.array(_decoded(value), object)
    array = np.array(value)
    if array.dtype.kind not in _KINDS[np.dtype(dtype.as_numpy_dtype).kind]:
        text = f"JSON Value: {value} is not of expected type: {dtype.name}"
        raise ServedError("INVALID_ARGUMENT", text)
    return array.astype(dtype.as_numpy_dtype)


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    text = value["b64"] if _is_base64(value) else value
    if not isinstance(text, str):
        found = f"JSON Value: {value} is not of expected type: string"
        raise ServedError("INVALID_ARGUMENT", found)
    if text is value:
        return value.encode()
    bare = text.rstrip("=")  # Padding may be left out.
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error as error:
        raise ServedError("INVALID_ARGUMENT", f"Unable to base64 decode: {error}") from error


def _values(name: str, array: np.ndarray) -> Any:
    def encoded(value):
        if isinstance(value, list):
            return [encoded(item) for item in value]
        is_bytes = name.endswith("_bytes")
        return {"b64": base64.b64encode(value).decode()} if is_bytes else value.decode()

    return encoded(array.tolist()) if array.dtype.kind == "O" else array.tolist()


def _columns(outputs: Mapping[str, np.ndarray]) -> Any:
    columns = {name: _values(name, array) for name, array in outputs.items()}
    return columns if len(columns) > 1 else next(iter(columns.values()))


def _rows(outputs: Mapping[str, np.ndarray]) -> Any:
    columns = {name: _values(name, array) for name, array in outputs.items()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return rows if len(columns) > 1 else [next(iter(row.values())) for row in rows]
