"""Loading of AlexNet weights from Keras (.h5), NumPy (.npz) and safetensors files."""

import os
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from rwkeras.backend import keras
from rwkeras.validation import invalid_argument

_ROLES = ("kernel", "bias")

# Kernel and bias by layer.
_Weights = dict[str, list[np.ndarray]]


def _by_layer(arrays: Mapping[str, np.ndarray]) -> _Weights:
    """Groups arrays named "LAYER/kernel" and "LAYER/bias" by layer."""
    layers = dict.fromkeys(name.rpartition("/")[0] for name in arrays)
    names = {layer: [f"{layer}/{role}" for role in _ROLES] for layer in layers}
    return {
        layer: [np.asarray(arrays[name]) for name in both if name in arrays]
        for layer, both in names.items()
    }


def _read_npz(path: str) -> _Weights:
    """Returns the arrays of a NumPy archive."""
    with np.load(path, allow_pickle=False) as arrays:
        return _by_layer(arrays)


def _read_safetensors(path: str) -> _Weights:
    """Returns the arrays of a safetensors file."""
    try:
        from safetensors.numpy import load_file
    except ModuleNotFoundError as error:
        raise ValueError("safetensors is missing: pip install 'rwkeras[trained]'") from error
    return _by_layer(load_file(path))


def _read_h5(path: str) -> _Weights:
    """Returns the arrays of a Keras HDF5 file, in either of its layouts."""
    weights: _Weights = {}

    def visit(_: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            name = item.parent.attrs.get("name", os.path.basename(item.parent.name))
            weights.setdefault(name, []).append(item[()])

    with h5py.File(path) as file:
        file.visititems(visit)
    return {name: sorted(arrays, key=np.ndim, reverse=True) for name, arrays in weights.items()}


_READERS = {".h5": _read_h5, ".npz": _read_npz, ".safetensors": _read_safetensors}


def load_alexnet_weights(model: keras.Model, weights: Any) -> None:
    """Loads weights from a file into a network, in place.

    Args:
        model: A model returned by `alexnet`.
        weights: The path of the file; see `alexnet`.

    Raises:
        ValueError: The file cannot be read, or its weights do not fit this network.
    """
    path = os.fspath(weights) if isinstance(weights, str | os.PathLike) else ""
    read = _READERS.get(os.path.splitext(path)[1])
    if read is None:
        expected = f"None or the path of a file that ends in {', '.join(_READERS)}"
        raise invalid_argument("weights", expected, weights)
    if not os.path.isfile(path):
        raise invalid_argument("weights", "the path of an existing file", path)
    try:
        found = read(path)
    except Exception as error:  # Broken files raise many kinds of error.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise invalid_argument(
            "weights", "a file of arrays by layer", f"{path} ({reason})"
        ) from error
    for layer in model.layers:
        expected_shapes = [tuple(weight.shape) for weight in layer.weights]
        shapes = [array.shape for array in found.get(layer.name, ())]
        if expected_shapes and shapes != expected_shapes:
            raise invalid_argument(
                "weights",
                f"arrays of shapes {expected_shapes} for layer '{layer.name}'",
                f"{path} with {shapes or 'none'}",
            )
        if expected_shapes:
            layer.set_weights(found[layer.name])
