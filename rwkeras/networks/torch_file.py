"""Safe reader of tensors from PyTorch files, which needs no PyTorch and runs no pickled code.

`torch.save` writes a dictionary of tensors as a pickle, in which each tensor is a call of
`torch._utils._rebuild_tensor_v2` with (storage, offset, shape, strides): element [i, j, ...] of the
tensor is element offset + i strides[0] + j strides[1] + ... of the storage. The data of the
storages are in one of two layouts: since PyTorch 1.6 a zip archive with one member per storage,
before that a single file with the storages after the pickle. A pickle may call any function by
name; this reader resolves only the names of tensors, storages and dictionaries, and refuses others.
"""

import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rwkeras.validation import invalid_argument

_ARCHIVE = b"PK\x03\x04"
# Magic number and protocol version at the start of the older layout, as pickles.
_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
_DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class _Storage(NamedTuple):
    """A storage: dtype, key in the file, and number of elements."""

    dtype: str
    key: str
    size: int


class _Tensor(NamedTuple):
    """A tensor as a strided view of a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Dictionary(dict):
    """Replaces `OrderedDict` in a pickle."""

    def __setstate__(self, state: Any):
        """Ignores the attributes that PyTorch sets, which are module versions."""


class _Unpickler(pickle.Unpickler):
    """Unpickles dictionaries of tensors, and nothing else.

    Attributes:
        storages: The storages of the tensors, by key.
    """

    def __init__(self, file: Any):
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        # None of these has attributes that a pickle could modify for later ones.
        if (module, name) == ("collections", "OrderedDict"):
            return _Dictionary
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._tensor
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not a float32 or int64 tensor")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, size, *view = pid
        known = dtype in _DTYPES.values() and type(key) is str and type(size) is int
        if kind != "storage" or not known or view not in ([], [None]):
            raise pickle.UnpicklingError(f"{pid!r} is not a storage")
        return self.storages.setdefault(key, _Storage(dtype, key, size))

    @staticmethod
    def _tensor(storage: _Storage, offset: int, shape: tuple, strides: tuple, *_: Any) -> _Tensor:
        # The other arguments, `requires_grad` and hooks, matter only in training.
        return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _numbers(data: bytes, storage: _Storage) -> np.ndarray:
    """Returns the elements of a storage as a vector."""
    numbers = np.frombuffer(data, storage.dtype)
    if numbers.size != storage.size:
        raise ValueError(f"storage {storage.key} holds {numbers.size} of {storage.size} numbers")
    return numbers


def _array(tensor: Any, storages: dict[str, np.ndarray]) -> np.ndarray:
    """Returns a tensor as a read-only view of its storage."""
    if not isinstance(tensor, _Tensor):
        raise ValueError(f"a {type(tensor).__name__.strip('_').lower()}, not a tensor")
    storage, offset, shape, strides = tensor
    numbers = storages[storage.key]
    whole = all(type(n) is int and n >= 0 for n in (offset, *shape, *strides))
    if not whole or len(shape) != len(strides):
        raise ValueError(f"a tensor of shape {shape}, strides {strides} and offset {offset}")
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    if 0 in shape:
        return np.empty(shape, storage.dtype)
    if last >= numbers.size:
        raise ValueError(f"a tensor that reaches beyond storage {storage.key}")
    steps = [stride * numbers.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(numbers[offset:], shape, steps, writeable=False)


def _read_archive(file: io.BytesIO) -> tuple[Any, dict[str, np.ndarray]]:
    """Returns the unpickled object of a zip archive, and its storages by key."""
    with zipfile.ZipFile(file) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("an archive with compressed entries")
        names = archive.namelist()
        folders = [name.removesuffix("data.pkl") for name in names if name.endswith("/data.pkl")]
        if len(folders) != 1:
            raise ValueError("an archive without a data.pkl")
        order = f"{folders[0]}byteorder"
        if order in names and archive.read(order) != b"little":
            raise ValueError("big-endian numbers")
        unpickler = _Unpickler(io.BytesIO(archive.read(f"{folders[0]}data.pkl")))
        loaded = unpickler.load()
        members = {key: archive.read(f"{folders[0]}data/{key}") for key in unpickler.storages}
    return loaded, {key: _numbers(data, unpickler.storages[key]) for key, data in members.items()}


def _read_sequence(file: io.BytesIO) -> tuple[Any, dict[str, np.ndarray]]:
    """Returns the unpickled object of a file in the older layout, and its storages by key.

    The layout is five pickles: magic number, version, system information, dictionary of tensors,
    and storage keys; then, for each key, the number of elements in eight bytes and the elements.
    """
    if _Unpickler(file).load() != _MAGIC or _Unpickler(file).load() != _VERSION:
        raise ValueError("a pickle that was not written by PyTorch")
    if not _Unpickler(file).load()["little_endian"]:
        raise ValueError("big-endian numbers")
    unpickler = _Unpickler(file)
    loaded = unpickler.load()
    storages = {}
    for key in _Unpickler(file).load():
        storage = unpickler.storages[key]
        size = int.from_bytes(file.read(8), "little") * np.dtype(storage.dtype).itemsize
        storages[key] = _numbers(file.read(size), storage)
    return loaded, storages


def read_torch_file(path: str | os.PathLike[str], name: str = "weights") -> dict[str, np.ndarray]:
    """Reads a dictionary of tensors from a PyTorch file.

    `torch.save(module.state_dict(), path)` writes such a file, which usually ends with .pth or .pt.

    Args:
        path: The file.
        name: Name of the `path` argument in error messages.

    Returns:
        Read-only float32 or int64 arrays by name, in the file's order and with the tensors' shapes.
        Arrays share memory if the tensors do.

    Raises:
        ValueError: There is no such file, it is truncated or broken, or it holds anything but
            tensors of these dtypes by name.
    """
    path = Path(path)
    if not path.is_file():
        raise invalid_argument(name, "the path of an existing file", str(path))
    data = path.read_bytes()
    try:
        read = _read_archive if data.startswith(_ARCHIVE) else _read_sequence
        loaded, storages = read(io.BytesIO(data))
        if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
            raise ValueError("not a dictionary of names")
        return {key: _array(tensor, storages) for key, tensor in loaded.items()}
    except Exception as error:  # Broken files raise many kinds of error.
        reason = " ".join(str(error).split()) or type(error).__name__
        expected = "an intact PyTorch file of named tensors of float32 and int64"
        raise invalid_argument(name, expected, f"{path} ({reason})") from error
