"""Conversion of arrays to and from the column format of TensorFlow Serving's JSON."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from rwkeras.serving.client.metadata import TensorSpec, bytes_array


def to_columns(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Returns arrays as nested lists or scalars, with bytes in base64."""
    return {
        name: _encoded(array.tolist()) if array.dtype == object else array.tolist()
        for name, array in arrays.items()
    }


def from_columns(columns: Any, specs: Mapping[str, TensorSpec]) -> dict[str, np.ndarray]:
    """Returns the arrays in columns, with the types of a signature.

    Args:
        columns: Values by name; for a signature with one output, the value itself.
        specs: The signature's outputs.

    Raises:
        KeyError: An output is missing.
        ValueError: An output has values of another type, or rows of unequal length.
    """
    named = columns if len(specs) > 1 else dict.fromkeys(specs, columns)
    return {name: _decoded(named[name], spec.numpy_dtype) for name, spec in specs.items()}


def _encoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    return {"b64": base64.b64encode(value).decode()}


def _decoded(value: Any, dtype: np.dtype) -> np.ndarray:
    if dtype.kind != "O":
        return np.array(value, dtype)
    # Only lists count as dimensions, not what they contain.
    shape: list[int] = []
    items = [value]
    while items and isinstance(items[0], list):
        shape.append(len(items[0]))
        items = [item for row in items for item in row]
    return bytes_array([_bytes(item) for item in items], shape)


def _bytes(item: dict[str, str] | str) -> bytes:
    """Returns a string's bytes, which are in base64 if the output's name ends in "_bytes"."""
    return base64.b64decode(item["b64"]) if isinstance(item, dict) else item.encode()
