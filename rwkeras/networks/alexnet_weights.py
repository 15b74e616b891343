"""Files of an AlexNet's weights: Keras's, and the pickled arrays in which Caffe's circulate."""

import os
import pickle
from typing import Any

import h5py
import numpy as np

from rwkeras.backend import keras
from rwkeras.validation import invalid_argument

_SOURCE = "bvlc_alexnet.npy is at http://www.cs.toronto.edu/~guerzhoy/tf_alexnet/"
_FLOATS = {order + size for order in "<>=|" for size in ("f2", "f4", "f8")}

# Kernel and bias by layer.
_Weights = dict[str, list[np.ndarray]]


class _Dtype:
    """Stands for a NumPy dtype in a pickle."""

    def __init__(self, code: str, *_: Any):
        self.code = code

    def __setstate__(self, state: tuple):
        self.code = state[1] + self.code


class _Array:
    """Stands for a NumPy array in a pickle."""

    def __init__(self, *_: Any):
        self.state: tuple = ()

    def __setstate__(self, state: tuple):
        self.state = state

    def floats(self) -> np.ndarray:
        """Returns the array of floating-point numbers."""
        _, shape, dtype, fortran, data = self.state
        if dtype.code not in _FLOATS:
            raise ValueError(f"an array of type {dtype.code}")
        # Python 2 wrote bytes as text.
        data = data.encode("latin1") if isinstance(data, str) else data
        return np.frombuffer(data, dtype.code).reshape(shape, order="F" if fortran else "C")


class _Unpickler(pickle.Unpickler):
    """Unpickles arrays in dictionaries and lists, and nothing else.

    NumPy makes an array of whatever type a pickle claims, which one that was forged could use:
    its functions are not called either.
    """

    def find_class(self, module: str, name: str) -> Any:
        known = {"_reconstruct": _Array, "ndarray": _Array, "dtype": _Dtype}
        if module in ("numpy", "numpy.core.multiarray", "numpy._core.multiarray") and name in known:
            return known[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no array")


def _read_npy(path: str) -> _Weights:
    """Returns the arrays of a dictionary that NumPy saved, the first kernel turned to RGB."""
    with open(path, "rb") as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("an unknown version of the format")
        if not np.lib.format.read_array_header_1_0(file)[2].hasobject:
            raise ValueError("an array, not a dictionary")
        layers = _Unpickler(file, encoding="latin1").load().state[4][0]
    weights = {}
    for name, values in layers.items():
        pair = [values["weights"], values["biases"]] if isinstance(values, dict) else values
        weights[name] = [array.floats() for array in pair]
    if "conv1" in weights:
        weights["conv1"][0] = np.flip(weights["conv1"][0], axis=2)
    return weights


def _read_h5(path: str) -> _Weights:
    """Returns the arrays of a file that Keras saved, in either of its layouts."""
    weights: _Weights = {}

    def visit(_: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            name = item.parent.attrs.get("name", os.path.basename(item.parent.name))
            weights.setdefault(name, []).append(item[()])

    with h5py.File(path) as file:
        file.visititems(visit)
    return {name: sorted(arrays, key=np.ndim, reverse=True) for name, arrays in weights.items()}


def load_alexnet_weights(model: keras.Model, weights: Any) -> None:
    """Gives a network the weights of a file.

    Args:
        model: What `alexnet` returns.
        weights: The path of the file; see `alexnet`.

    Raises:
        ValueError: The file cannot be read, or its weights are not this network's.
    """
    path = os.fspath(weights) if isinstance(weights, str | os.PathLike) else ""
    if not path.endswith((".npy", ".h5")):
        raise invalid_argument("weights", "None or the path of a .npy or .h5 file", weights)
    if not os.path.isfile(path):
        raise invalid_argument("weights", f"the path of a file that exists ({_SOURCE})", path)
    try:
        found = _read_npy(path) if path.endswith(".npy") else _read_h5(path)
    except Exception as error:  # Broken files raise many kinds.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise invalid_argument(
            "weights", f"a file of arrays by layer ({_SOURCE})", f"{path} ({reason})"
        ) from error
    for layer in model.layers:
        wanted = [tuple(weight.shape) for weight in layer.weights]
        shapes = [array.shape for array in found.get(layer.name, ())]
        if wanted and shapes != wanted:
            raise invalid_argument(
                "weights",
                f"arrays of shapes {wanted} for layer '{layer.name}'",
                f"{path} with {shapes or 'none'}",
            )
        if wanted:
            layer.set_weights(found[layer.name])
