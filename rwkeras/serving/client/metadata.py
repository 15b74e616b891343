"""Metadata of a served model: versions and signatures."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rwkeras.validation import check_choice, invalid_argument

# Kinds of NumPy types accepted for an input, by the kind of the input's type.
_ACCEPTED = {"f": "fiu", "i": "iu", "u": "iu", "b": "b"}


class VersionStatus(NamedTuple):
    """A version of a model.

    Attributes:
        version: Version number.
        state: State such as "LOADING" or "AVAILABLE".
        error: Why loading failed, or "".
    """

    version: int
    state: str
    error: str


class TensorSpec(NamedTuple):
    """Type and shape of an input or an output.

    Attributes:
        dtype: TensorFlow's name, such as "float32" or "string".
        shape: Sizes, None for any size; None for any rank.
    """

    dtype: str
    shape: tuple[int | None, ...] | None

    @property
    def numpy_dtype(self) -> np.dtype:
        """NumPy type; object for strings, which are bytes objects."""
        return np.dtype(object if self.dtype == "string" else self.dtype)


class Signature(NamedTuple):
    """Inputs and outputs of a signature.

    Attributes:
        inputs: Inputs by name.
        outputs: Outputs by name.
        defaults: Default values of optional inputs, by name.
    """

    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]
    defaults: dict[str, np.ndarray]

    def fill(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Returns all inputs as arrays of the signature's types, with defaults where not given.

        Raises:
            ValueError: An input is unknown, missing without default, or of another type.
        """
        for name in inputs:
            check_choice("inputs", name, self.inputs)
        missing = [name for name in self.inputs if name not in {*inputs, *self.defaults}]
        if missing:
            expected = f"all inputs without a default on the server, including {', '.join(missing)}"
            raise invalid_argument("inputs", expected, ", ".join(inputs) or "none")
        return {
            name: _as_array(name, inputs[name], spec) if name in inputs else self.defaults[name]
            for name, spec in self.inputs.items()
        }


class Metadata(NamedTuple):
    """Metadata of a model version.

    Attributes:
        version: Version number.
        signatures: Signatures by name.
    """

    version: int
    signatures: dict[str, Signature]


def bytes_array(items: Sequence[bytes], shape: Sequence[int]) -> np.ndarray:
    """Returns bytes objects as an object array of a shape."""
    array = np.empty(len(items), object)
    array[:] = items
    return array.reshape(shape)


def _as_array(name: str, value: Any, spec: TensorSpec) -> np.ndarray:
    """Converts a value to an array of a type; raises `ValueError` if it does not fit."""
    wanted = spec.numpy_dtype
    expected = f"values of type {spec.dtype}"
    try:
        # With another type than object, bytes would lose trailing zeros.
        array = np.asarray(value, object if spec.dtype == "string" else None)
    except ValueError as error:
        raise invalid_argument(
            name, f"{expected} with rows of equal length", type(value)
        ) from error
    if spec.dtype == "string":
        if not all(isinstance(item, bytes | str) for item in array.flat):
            raise invalid_argument(name, "bytes or text, or a list of these", type(value))
        items = [item.encode() if isinstance(item, str) else item for item in array.flat]
        return bytes_array(items, array.shape)
    if array.dtype.kind not in _ACCEPTED.get(wanted.kind, ""):
        raise invalid_argument(name, expected, f"{array.dtype} values")
    with np.errstate(over="ignore"):
        converted = array.astype(wanted)
    exact = wanted.kind == "f" or np.array_equal(converted, array)
    if not exact or np.any(np.isfinite(array) & ~np.isfinite(converted)):
        raise invalid_argument(name, expected, "values outside its range")
    return converted
