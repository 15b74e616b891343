"""Files as PyTorch writes them, without PyTorch."""

import io
import pickle
import zipfile
from collections import OrderedDict

import numpy as np

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
STORAGES = {"<f4": "FloatStorage", "<i8": "LongStorage", "<f8": "DoubleStorage"}


class Global:
    """What a pickle names by its module."""

    def __init__(self, module, name):
        self.named = f"{module}\n{name}\n".encode()

    def __call__(self):
        raise NotImplementedError


class Call:
    """A function that a pickle calls."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


class Storage:
    def __init__(self, array, key):
        # In the order in which the elements lie in memory, whatever the axes.
        self.data = array.ravel(order="K")
        self.dtype, self.key = array.dtype.str, key


class Pickler(pickle._Pickler):
    def __init__(self, file):
        super().__init__(file, protocol=2)

    def persistent_id(self, obj):
        if not isinstance(obj, Storage):
            return None
        kind = Global("torch", STORAGES[obj.dtype])
        return ("storage", kind, obj.key, "cpu", obj.data.size, *self.view)

    def save_named(self, obj):
        self.write(pickle.GLOBAL + obj.named)

    view = ()
    dispatch = {**pickle._Pickler.dispatch, Global: save_named}  # noqa: RUF012


class OlderPickler(Pickler):
    view = (None,)


def tensor(storage, offset, shape, strides):
    rebuild = Global("torch._utils", "_rebuild_tensor_v2")
    return Call(rebuild, storage, offset, shape, strides, False, OrderedDict())


def of_array(array, key):
    strides = tuple(step // array.itemsize for step in array.strides)
    return tensor(Storage(array, key), 0, array.shape, strides)


def state(arrays):
    """Returns a dictionary of tensors, with the attribute that `state_dict` gives it."""
    found = OrderedDict((name, of_array(np.asarray(a), name)) for name, a in arrays.items())
    found._metadata = OrderedDict([("", {"version": 1})])
    return found


def _pickled(kind, value):
    file = io.BytesIO()
    kind(file).dump(value)
    return file.getvalue()


def _storages(value, found):
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, Call):
        value = value.arguments
    if isinstance(value, Storage):
        found.setdefault(value.key, value)
    elif not isinstance(value, str | int | np.ndarray | Global):
        for part in value:
            _storages(part, found)
    return found


def archive(value, *, compression=zipfile.ZIP_STORED, byteorder="little", pickled="data.pkl"):
    """Returns the bytes of a file in the layout since PyTorch 1.6."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as members:
        members.writestr(f"weights/{pickled}", _pickled(Pickler, value))
        members.writestr("weights/byteorder", byteorder)
        for key, storage in _storages(value, {}).items():
            members.writestr(f"weights/data/{key}", storage.data.tobytes())
    return file.getvalue()


def sequence(value, *, magic=MAGIC, little_endian=True):
    """Returns the bytes of a file in the older layout."""
    storages = _storages(value, {})
    system = {"protocol_version": VERSION, "little_endian": little_endian, "type_sizes": {}}
    pickles = [magic, VERSION, system, value, sorted(storages)]
    parts = [_pickled(OlderPickler, part) for part in pickles]
    for key in sorted(storages):
        data = storages[key].data
        parts.append(data.size.to_bytes(8, "little") + data.tobytes())
    return b"".join(parts)


LAYOUTS = {"archive": archive, "sequence": sequence}
