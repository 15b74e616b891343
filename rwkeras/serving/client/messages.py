"""Parsing of TensorFlow Serving's messages about models from JSON.

REST sends JSON; gRPC's messages are converted to it.
"""

import base64
from typing import Any

import numpy as np

from rwkeras.serving.client.metadata import (
    Metadata,
    Signature,
    TensorSpec,
    VersionStatus,
    bytes_array,
)

_DTYPES = {"half": "float16", "float": "float32", "double": "float64"}
# Field of a `TensorProto` that holds the values, by dtype.
_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "bool": "bool_val",
    "string": "string_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    **dict.fromkeys(("int8", "int16", "int32", "uint8", "uint16"), "int_val"),
}


def read_status(message: dict[str, Any]) -> list[VersionStatus]:
    """Parses a `GetModelStatusResponse`; returns its versions in ascending order."""
    found = []
    for version in message["model_version_status"]:
        status = version.get("status", {})
        code, text = status.get("error_code", "OK"), status.get("error_message", "")
        error = "" if code == "OK" else f"{code}: {text}"
        found.append(VersionStatus(int(version["version"]), version["state"], error))
    return sorted(found)


def read_metadata(message: dict[str, Any]) -> Metadata:
    """Parses a `GetModelMetadataResponse`, without TensorFlow's internal signatures."""
    signatures = message["metadata"]["signature_def"]["signature_def"]
    return Metadata(
        int(message["model_spec"]["version"]),
        {name: _signature(s) for name, s in sorted(signatures.items()) if name[:2] != "__"},
    )


def _signature(signature: dict[str, Any]) -> Signature:
    inputs, outputs = (
        {name: _spec(info) for name, info in sorted(signature.get(side, {}).items())}
        for side in ("inputs", "outputs")
    )
    defaults = {
        name: _value(tensor)
        for name, tensor in signature.get("defaults", {}).items()
        if _spec(tensor).dtype in _FIELDS
    }
    return Signature(inputs, outputs, defaults)


def _spec(info: dict[str, Any]) -> TensorSpec:
    """Parses the type and shape of a `TensorInfo` or a `TensorProto`."""
    dtype = info["dtype"].removeprefix("DT_").lower()
    shape = info.get("tensor_shape", {})
    sizes = [int(dim.get("size", 0)) for dim in shape.get("dim", [])]
    known = tuple(None if size < 0 else size for size in sizes)
    return TensorSpec(_DTYPES.get(dtype, dtype), None if shape.get("unknown_rank") else known)


def _value(tensor: dict[str, Any]) -> np.ndarray:
    """Parses a `TensorProto`."""
    spec = _spec(tensor)
    shape = [size or 0 for size in spec.shape or ()]
    if tensor.get("tensor_content"):
        content = base64.b64decode(tensor["tensor_content"])
        return np.frombuffer(content, spec.numpy_dtype).reshape(shape)
    strings = spec.dtype == "string"
    values = [_item(value, spec) for value in tensor.get(_FIELDS[spec.dtype], [])]
    # The last value is repeated for all omitted ones.
    last = values[-1:] or [b"" if strings else 0]
    values += last * (int(np.prod(shape)) - len(values))
    if strings:
        return bytes_array(values, shape)
    return np.array(values, spec.numpy_dtype).reshape(shape)


def _item(value: Any, spec: TensorSpec) -> Any:
    """Parses a value; bytes are in base64, int64 and non-finite numbers are text."""
    if spec.dtype == "string":
        return base64.b64decode(value)
    return float(value) if spec.dtype.startswith("float") else int(value)
