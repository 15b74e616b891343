"""The signatures of a SavedModel, read from its file.

TensorFlow's own messages cannot be imported without TensorFlow, so the few fields that matter are
read from protobuf's wire format, https://protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.serving.c_api import DTYPES

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5

# The fields of TensorProto that list values; varints have no format.
_VALUES: dict[np.dtype, tuple[int, str | None]] = {
    np.dtype(np.float32): (5, "<f4"),
    np.dtype(np.float64): (6, "<f8"),
    np.dtype(np.int32): (7, None),
    np.dtype(np.uint8): (7, None),
    np.dtype(np.int64): (10, None),
    np.dtype(np.bool_): (11, None),
    np.dtype(np.uint32): (16, None),
    np.dtype(np.uint64): (17, None),
}
_STRINGS = 8


class Input(NamedTuple):
    """An input of a signature.

    Attributes:
        tensor: The name of the tensor to feed, such as "serving_default_seed:0".
        dtype: Its type; strings are objects.
        shape: Its shape, None where a size is not known; None as a whole where the rank is not.
        default: What is fed when nothing is given, or None when something must be given.
    """

    tensor: str
    dtype: np.dtype
    shape: tuple[int | None, ...] | None
    default: np.ndarray | None


class Signature(NamedTuple):
    """A signature: its inputs, and by the name of an output the name of the tensor to fetch."""

    inputs: dict[str, Input]
    outputs: dict[str, str]


class Signatures(Mapping[str, Signature]):
    """The signatures of a SavedModel by their names."""

    def __init__(self, export_dir: str | Path, tags: Sequence[str] = ("serve",)) -> None:
        """Reads them.

        Args:
            export_dir: The SavedModel's folder.
            tags: All the tags of the graph whose signatures are read.

        Raises:
            FileNotFoundError: There is no SavedModel.
            KeyError: It has no graph with exactly these tags.
        """
        saved_model = memoryview(Path(export_dir, "saved_model.pb").read_bytes())
        for graph in _all(saved_model, 2):
            if {str(tag, "utf-8") for info in _all(graph, 1) for tag in _all(info, 4)} == set(tags):
                entries = _entries(graph, 5).items()
                self._signatures = {name: _signature(entry) for name, entry in entries}
                return
        raise KeyError(tuple(tags))

    def __getitem__(self, name: str) -> Signature:
        return self._signatures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._signatures)

    def __len__(self) -> int:
        return len(self._signatures)


def _signature(signature: memoryview) -> Signature:
    defaults = _entries(signature, 4)
    inputs = {}
    for name, info in _entries(signature, 1).items():
        default = _array(defaults[name]) if name in defaults else None
        inputs[name] = Input(_text(info, 1), DTYPES[_one(info, 2, 0)], _shape(info, 3), default)
    outputs = {name: _text(info, 1) for name, info in _entries(signature, 2).items()}
    return Signature(inputs, outputs)


def _shape(message: memoryview, field: int) -> tuple[int | None, ...] | None:
    """Returns a TensorShapeProto's shape."""
    if _one(_one(message, field, b""), 3, False):
        return None
    return tuple(None if size < 0 else size for size in _sizes(message, field))


def _sizes(message: memoryview, field: int) -> list[int]:
    """Returns a TensorShapeProto's sizes, -1 where one is not known."""
    return [_signed(_one(dim, 1, 0)) for dim in _all(_one(message, field, b""), 2)]


def _array(tensor: memoryview) -> np.ndarray:
    """Returns a TensorProto's array."""
    dtype, shape = DTYPES[_one(tensor, 1, 0)], _sizes(tensor, 2)
    content = _one(tensor, 4, b"")
    if content:
        return np.frombuffer(content, dtype).reshape(shape).copy()
    values: list[Any] = []
    if dtype.kind == "O":
        values = [bytes(value) for value in _all(tensor, _STRINGS)]
    else:
        field, form = _VALUES[dtype]
        for value in _all(tensor, field):
            # One alone may stand as it is; several are packed.
            if form:
                values.extend(np.frombuffer(value, form))
            else:
                values.extend([value] if isinstance(value, int) else _varints(value))
        if dtype.kind == "i":
            values = [_signed(value) for value in values]
    # The last one stands for all that are left out.
    array = np.full(shape, values[-1] if values else b"" if dtype.kind == "O" else 0, dtype)
    array.flat[: len(values)] = values
    return array


def _varint(message: memoryview, start: int) -> tuple[int, int]:
    """Returns the number that begins at `start`, and where it ends."""
    number = shift = 0
    while True:
        byte = message[start]
        number |= (byte & 0x7F) << shift
        start, shift = start + 1, shift + 7
        if byte < 0x80:
            return number, start


def _varints(message: memoryview) -> Iterator[int]:
    start = 0
    while start < len(message):
        number, start = _varint(message, start)
        yield number


def _signed(number: int) -> int:
    """Returns what a varint of 64 bits means as a number with a sign."""
    return number - (1 << 64) if number >> 63 else number


def _fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """Yields for each field its number and its value: an int for a varint, otherwise its bytes."""
    start = 0
    while start < len(message):
        key, start = _varint(message, start)
        kind = key & 7
        if kind == _VARINT:
            number, start = _varint(message, start)
            yield key >> 3, number
            continue
        if kind == _LENGTH:
            size, start = _varint(message, start)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"Wire type {kind} is not expected.")
        yield key >> 3, message[start : start + size]
        start += size


def _all(message: memoryview, field: int) -> list[Any]:
    """Returns the values of a field that may be repeated."""
    return [value for number, value in _fields(message) if number == field]


def _one(message: memoryview, field: int, default: Any) -> Any:
    """Returns the value of a field."""
    values = _all(message, field)
    return values[-1] if values else default


def _text(message: memoryview, field: int) -> str:
    return str(_one(message, field, b""), "utf-8")


def _entries(message: memoryview, field: int) -> dict[str, Any]:
    """Returns a map from strings to messages, in the order of its keys."""
    entries = _all(message, field)
    return dict(sorted((_text(entry, 1), _one(entry, 2, b"")) for entry in entries))
