"""TensorFlow's sessions through its C API, as TensorFlow Serving runs them: without its Python.

The libraries are those of the installed TensorFlow. XLA is disabled in them first of all, as the
stock TensorFlow Serving disables it.
"""

import contextlib
import ctypes
import functools
import importlib.util
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

import numpy as np

# TF_Code: the place in the list is the number.
CODES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)

# TF_DataType. Strings are arrays of objects, each of which is bytes.
DTYPES: dict[int, np.dtype] = {
    1: np.dtype(np.float32),
    2: np.dtype(np.float64),
    3: np.dtype(np.int32),
    4: np.dtype(np.uint8),
    7: np.dtype(object),
    9: np.dtype(np.int64),
    10: np.dtype(np.bool_),
    22: np.dtype(np.uint32),
    23: np.dtype(np.uint64),
}
_NUMBERS = {dtype: number for number, dtype in DTYPES.items()}
_STRING = _NUMBERS[np.dtype(object)]
_STRING_SIZE = 24  # bytes of a TF_TString


class StatusError(Exception):
    """A status of TensorFlow that is not OK.

    Attributes:
        code: Its name, such as "INVALID_ARGUMENT".
        message: Its message.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class _Output(ctypes.Structure):
    """TF_Output: one output of one operation."""

    _fields_ = (("operation", c_void_p), ("index", c_int))


_Deallocator = ctypes.CFUNCTYPE(None, c_void_p, c_size_t, c_void_p)

# For each function what it returns and what it takes.
_FUNCTIONS = {
    "_ZN10tensorflow21DisableXlaCompilationEv": (None, ()),
    "TF_Version": (c_char_p, ()),
    "TF_NewStatus": (c_void_p, ()),
    "TF_DeleteStatus": (None, (c_void_p,)),
    "TF_GetCode": (c_int, (c_void_p,)),
    "TF_Message": (c_char_p, (c_void_p,)),
    "TF_NewBufferFromString": (c_void_p, (c_char_p, c_size_t)),
    "TF_DeleteBuffer": (None, (c_void_p,)),
    "TF_TensorDefaultAlignment": (c_size_t, ()),
    "TF_AllocateTensor": (c_void_p, (c_int, POINTER(c_int64), c_int, c_size_t)),
    "TF_NewTensor": (
        c_void_p,
        (c_int, POINTER(c_int64), c_int, c_void_p, c_size_t, _Deallocator, c_void_p),
    ),
    "TF_DeleteTensor": (None, (c_void_p,)),
    "TF_TensorType": (c_int, (c_void_p,)),
    "TF_NumDims": (c_int, (c_void_p,)),
    "TF_Dim": (c_int64, (c_void_p, c_int)),
    "TF_TensorData": (c_void_p, (c_void_p,)),
    "TF_StringInit": (None, (c_void_p,)),
    "TF_StringCopy": (None, (c_void_p, c_char_p, c_size_t)),
    "TF_StringGetDataPointer": (c_void_p, (c_void_p,)),
    "TF_StringGetSize": (c_size_t, (c_void_p,)),
    "TF_StringDealloc": (None, (c_void_p,)),
    "TF_NewGraph": (c_void_p, ()),
    "TF_DeleteGraph": (None, (c_void_p,)),
    "TF_GraphOperationByName": (c_void_p, (c_void_p, c_char_p)),
    "TF_OperationNumOutputs": (c_int, (c_void_p,)),
    "TF_NewSessionOptions": (c_void_p, ()),
    "TF_DeleteSessionOptions": (None, (c_void_p,)),
    "TF_SetConfig": (None, (c_void_p, c_char_p, c_size_t, c_void_p)),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        (c_void_p, c_void_p, c_char_p, POINTER(c_char_p), c_int, c_void_p, c_void_p, c_void_p),
    ),
    "TF_SessionRun": (
        None,
        (
            c_void_p,  # session
            c_void_p,  # run options
            POINTER(_Output),
            POINTER(c_void_p),
            c_int,
            POINTER(_Output),
            POINTER(c_void_p),
            c_int,
            c_void_p,  # operations to run besides, none
            c_int,
            c_void_p,  # run metadata, none
            c_void_p,  # status
        ),
    ),
    "TF_CloseSession": (None, (c_void_p, c_void_p)),
    "TF_DeleteSession": (None, (c_void_p, c_void_p)),
}


@functools.cache
def _tensorflow() -> ctypes.CDLL:
    """Returns TensorFlow's library, with XLA disabled in it."""
    if "tensorflow" in sys.modules:
        raise RuntimeError("Python's TensorFlow is in this process and would lose its XLA.")
    # Finding a package does not import it.
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("TensorFlow is not installed")
    # It finds libtensorflow_framework.so.2 at its own place.
    library = ctypes.CDLL(str(Path(spec.submodule_search_locations[0], "libtensorflow_cc.so.2")))
    for name, (restype, argtypes) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = restype, argtypes
    library._ZN10tensorflow21DisableXlaCompilationEv()
    return library


def version() -> str:
    """Returns TensorFlow's version, such as "2.21.0"."""
    return _tensorflow().TF_Version().decode()


@contextlib.contextmanager
def _status() -> Iterator[int]:
    """Gives a status to a call, and raises StatusError when it comes back as an error."""
    library = _tensorflow()
    status = library.TF_NewStatus()
    try:
        yield status
        code = library.TF_GetCode(status)
        if code:
            message = library.TF_Message(status).decode(errors="replace")
            raise StatusError(CODES[code], message)
    finally:
        library.TF_DeleteStatus(status)


# The memory of string tensors that TensorFlow still holds, by its address.
_strings: dict[int, ctypes.Array] = {}


@_Deallocator
def _free_strings(data: int, size: int, _: int | None) -> None:
    for place in range(0, size, _STRING_SIZE):
        _tensorflow().TF_StringDealloc(data + place)
    del _strings[data]


def _string_tensor(array: np.ndarray, dims: ctypes.Array) -> int:
    library = _tensorflow()
    size = array.size * _STRING_SIZE
    # TensorFlow aborts on a string tensor that is not aligned.
    alignment = library.TF_TensorDefaultAlignment()
    memory = ctypes.create_string_buffer(size + alignment)
    address = ctypes.addressof(memory)
    address += -address % alignment
    _strings[address] = memory
    for place, value in enumerate(array.flat):
        string = address + place * _STRING_SIZE
        library.TF_StringInit(string)
        library.TF_StringCopy(string, value, len(value))
    # The graph may keep the tensor, or give it back as an output, beyond the run that it is fed
    # to: only the last that holds it may free its strings.
    return library.TF_NewTensor(_STRING, dims, array.ndim, address, size, _free_strings, None)


def _to_tensor(value: np.ndarray) -> int:
    """Returns a new TF_Tensor, which the caller deletes."""
    array = np.asarray(value, order="C")
    # Fixed-width bytes have lost the zeros that the values ended with.
    if array.dtype not in _NUMBERS:
        raise TypeError(f"No tensor is made of {array.dtype}. Strings are arrays of objects.")
    dims = (c_int64 * array.ndim)(*array.shape)
    if array.dtype.kind == "O":
        if not all(isinstance(item, bytes) for item in array.flat):
            raise TypeError("An array of objects holds something other than bytes.")
        return _string_tensor(array, dims)
    library = _tensorflow()
    tensor = library.TF_AllocateTensor(_NUMBERS[array.dtype], dims, array.ndim, array.nbytes)
    ctypes.memmove(library.TF_TensorData(tensor), array.ctypes.data, array.nbytes)
    return tensor


def _to_array(tensor: int) -> np.ndarray:
    """Returns a copy of what a TF_Tensor holds."""
    library = _tensorflow()
    number = library.TF_TensorType(tensor)
    if number not in DTYPES:
        raise TypeError(f"No array is made of a tensor of TF_DataType {number}.")
    shape = [library.TF_Dim(tensor, axis) for axis in range(library.TF_NumDims(tensor))]
    array = np.empty(shape, DTYPES[number])
    data = library.TF_TensorData(tensor)
    if number == _STRING:
        for place in range(array.size):
            string = data + place * _STRING_SIZE
            start, size = library.TF_StringGetDataPointer(string), library.TF_StringGetSize(string)
            array.flat[place] = ctypes.string_at(start, size)
    else:
        ctypes.memmove(array.ctypes.data, data, array.nbytes)
    return array


def _run_options(timeout: float) -> bytes:
    """Returns RunOptions with a timeout in seconds: the field timeout_in_ms, 2, a varint."""
    if not timeout > 0:
        raise ValueError(f"A timeout is more than 0 seconds; it is {timeout}.")
    # A timeout of 0 ms would be none at all.
    rest = math.ceil(timeout * 1000)
    encoded = bytearray([2 << 3])
    while rest > 0x7F:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


class Session:
    """A SavedModel in a session: restored, initialized, ready to run.

    Several threads may run it at the same time.
    """

    def __init__(
        self,
        export_dir: str | Path,
        tags: Sequence[str] = ("serve",),
        config: bytes | None = None,
    ) -> None:
        """Loads the SavedModel.

        Args:
            export_dir: Its folder.
            tags: All the tags of the graph to load.
            config: A serialized ConfigProto, or None for TensorFlow's own settings.

        Raises:
            StatusError: It cannot be loaded, or its initialization failed.
            RuntimeError: Python's TensorFlow is in this process.
        """
        library = _tensorflow()
        with contextlib.ExitStack() as stack:
            options = library.TF_NewSessionOptions()
            stack.callback(library.TF_DeleteSessionOptions, options)
            if config is not None:
                with _status() as status:
                    library.TF_SetConfig(options, config, len(config), status)
            names = (c_char_p * len(tags))(*(tag.encode() for tag in tags))
            with contextlib.ExitStack() as failure:
                graph = library.TF_NewGraph()
                failure.callback(library.TF_DeleteGraph, graph)
                with _status() as status:
                    session = library.TF_LoadSessionFromSavedModel(
                        options,
                        None,
                        str(export_dir).encode(),
                        names,
                        len(tags),
                        graph,
                        None,
                        status,
                    )
                failure.pop_all()
        self._graph, self._session = graph, session

    def run(
        self,
        feeds: Mapping[str, np.ndarray],
        fetches: Sequence[str],
        timeout: float | None = None,
    ) -> list[np.ndarray]:
        """Runs the graph once.

        Args:
            feeds: For the names of tensors, such as "serving_default_seed:0", their values.
                Strings are arrays of objects, each of which is bytes.
            fetches: The names of the tensors to compute.
            timeout: After how many seconds the run is to be cancelled; None for no limit.

        Returns:
            What `fetches` came to, in their order.

        Raises:
            KeyError: The graph has no such tensor.
            TypeError: There is no tensor of such an array, or no array of such a tensor.
            StatusError: The run failed; DEADLINE_EXCEEDED when its time was over.
        """
        library = _tensorflow()
        with contextlib.ExitStack() as stack:
            options = None
            if timeout is not None:
                encoded = _run_options(timeout)
                options = library.TF_NewBufferFromString(encoded, len(encoded))
                stack.callback(library.TF_DeleteBuffer, options)
            inputs = (_Output * len(feeds))(*map(self._output, feeds))
            outputs = (_Output * len(fetches))(*map(self._output, fetches))
            fed = (c_void_p * len(feeds))()
            for place, value in enumerate(feeds.values()):
                fed[place] = _to_tensor(value)
                stack.callback(library.TF_DeleteTensor, fed[place])
            fetched = (c_void_p * len(fetches))()
            with _status() as status:
                library.TF_SessionRun(
                    *(self._session, options),
                    *(inputs, fed, len(feeds)),
                    *(outputs, fetched, len(fetches)),
                    *(None, 0),
                    *(None, status),
                )
            # On an error there are none.
            tensors = [tensor for tensor in fetched if tensor is not None]
            for tensor in tensors:
                stack.callback(library.TF_DeleteTensor, tensor)
            return [_to_array(tensor) for tensor in tensors]

    def close(self) -> None:
        """Ends the session and frees what it holds; a second time it does nothing."""
        if self._session is None:
            return
        library = _tensorflow()
        session, self._session = self._session, None
        with contextlib.ExitStack() as stack:
            stack.callback(library.TF_DeleteGraph, self._graph)
            status = stack.enter_context(_status())
            stack.callback(library.TF_DeleteSession, session, status)
            library.TF_CloseSession(session, status)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _output(self, name: str) -> _Output:
        """Returns where a tensor comes from."""
        if self._session is None:
            raise ValueError("The session is closed.")
        library = _tensorflow()
        operation_name, _, index = name.rpartition(":")
        operation = library.TF_GraphOperationByName(self._graph, operation_name.encode())
        if not operation or not 0 <= int(index) < library.TF_OperationNumOutputs(operation):
            raise KeyError(name)
        return _Output(operation, int(index))
