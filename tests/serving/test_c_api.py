import os
import signal
import time

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tests.serving.c_api import Session, StatusError
from tests.serving.c_worker import Remote
from tests.serving.saved_model import Signatures

MB = 2**20

# The defaults of `kinds`: each type, one value and several, in each way that a file holds them.
DEFAULTS = {
    "float32": np.float32(0.25),
    "float64": np.array([[1.5, -2.5]]),
    "int32": np.int32(-7),
    "int64": np.array([-(2**40), 3]),
    "bool": np.array(True),
    "uint8": np.uint8(200),
    "string": np.array(b"one\0\xff\0", object),
    "strings": np.array([[b"", b"two"]], object),
    "zeros": np.zeros([2, 3], np.float32),
    "empty": np.zeros([0, 2], np.int32),
}
CONSTANTS = {name: tf.constant(value) for name, value in DEFAULTS.items()}
HALF = tf.constant(0.5)


def spec(shape, dtype, name):
    return tf.TensorSpec(shape, dtype, name=name)


class Example(tf.Module):
    def __init__(self):
        super().__init__()
        self.kept = tf.Variable([""], shape=[None], dtype=tf.string)

    @tf.function(
        input_signature=[
            spec([None], tf.string, "text"),
            spec([None, None], tf.float32, "x"),
            spec([], tf.float32, "factor"),
        ]
    )
    def join(self, text, x, factor=HALF):
        return {"text": text + "!", "same": text, "x": x * factor}

    @tf.function(
        input_signature=[spec(None, value.dtype, name) for name, value in CONSTANTS.items()]
    )
    def kinds(
        self,
        float32=CONSTANTS["float32"],
        float64=CONSTANTS["float64"],
        int32=CONSTANTS["int32"],
        int64=CONSTANTS["int64"],
        bool=CONSTANTS["bool"],  # noqa: A002
        uint8=CONSTANTS["uint8"],
        string=CONSTANTS["string"],
        strings=CONSTANTS["strings"],
        zeros=CONSTANTS["zeros"],
        empty=CONSTANTS["empty"],
    ):
        values = (float32, float64, int32, int64, bool, uint8, string, strings, zeros, empty)
        return {name: tf.identity(value) for name, value in zip(DEFAULTS, values, strict=True)}

    @tf.function(input_signature=[spec([], tf.float32, "x")])
    def check(self, x):
        tf.debugging.Assert(x > 0, ["x is", x])
        return {"x": tf.identity(x)}

    @tf.function(input_signature=[spec([], tf.int64, "steps")])
    def count(self, steps):
        start = [tf.constant(0, tf.int64)]
        return {"steps": tf.while_loop(lambda n: n < steps, lambda n: [n + 1], start)[0]}

    @tf.function(input_signature=[spec([], tf.float32, "x")])
    def compiled(self, x):
        return {"x": tf.function(tf.sin, jit_compile=True)(x)}

    @tf.function(input_signature=[spec([None], tf.string, "text")])
    def keep(self, text):
        self.kept.assign(text)
        return {"size": tf.size(text)}

    @tf.function(input_signature=[])
    def recall(self):
        return {"text": self.kept.read_value()}


@pytest.fixture(scope="module")
def export_dir(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("example"))
    module = Example()
    names = ("join", "kinds", "check", "count", "compiled", "keep", "recall")
    tf.saved_model.save(module, path, signatures={name: getattr(module, name) for name in names})
    return path


@pytest.fixture(scope="module")
def remote(export_dir):
    with Remote(export_dir) as started:
        yield started


def texts(*values):
    return np.array(values, object)


def same(actual, expected):
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    assert actual.tolist() == expected.tolist()


def test_answers(remote):
    text, x = (
        texts(b"a", b"", b"\0z\0" * 50, b"\xff\0"),
        np.array([[2, 4], [6, np.inf]], np.float32),
    )
    answer = remote.predict("join", {"text": text, "x": x, "factor": np.float32(2)})
    assert sorted(answer) == ["same", "text", "x"]
    same(answer["text"], texts(*(value + b"!" for value in text)))
    same(answer["same"], text)
    same(answer["x"], 2 * x)
    same(remote.predict("join", {"text": text, "x": x})["x"], x / 2)


def test_python_has_no_tensorflow_there(remote):
    remote.predict("recall", {})
    assert not remote.tensorflow_imported()
    assert remote.memory() > 100 * MB
    assert remote.threads() > 1


def test_every_kind_comes_back(remote):
    answer = remote.predict("kinds", {})
    for name, value in DEFAULTS.items():
        same(answer[name], np.asarray(value))
    fed = {name: np.stack([value] * 3) for name, value in DEFAULTS.items()}
    # None at all, and an order that is not C's.
    fed["strings"] = fed["strings"][:0]
    fed["zeros"] = np.arange(6, dtype=np.float32).reshape(2, 3).T
    answer = remote.predict("kinds", fed)
    for name, value in fed.items():
        same(answer[name], value)


def test_tensor_buffers_are_kept_alive(remote):
    text = texts(b"long " * 100, b"short")
    assert remote.predict("keep", {"text": text})["size"] == 2
    remote.predict_often(100, "check", {"x": np.float32(1)})
    same(remote.predict("recall", {})["text"], text)


def test_signatures_are_those_of_the_file(export_dir):
    saved_model = saved_model_pb2.SavedModel()
    with open(os.path.join(export_dir, "saved_model.pb"), "rb") as file:
        saved_model.ParseFromString(file.read())
    expected = saved_model.meta_graphs[0].signature_def
    signatures = Signatures(export_dir)
    assert sorted(signatures) == sorted(expected)
    assert len(signatures) == len(expected) == 8  # one is the initialization
    for name, signature in signatures.items():
        assert sorted(signature.inputs) == sorted(expected[name].inputs)
        assert signature.outputs == {key: info.name for key, info in expected[name].outputs.items()}
        for key, value in signature.inputs.items():
            info = expected[name].inputs[key]
            assert value.tensor == info.name
            assert value.dtype == tf.dtypes.as_dtype(info.dtype).as_numpy_dtype
            shape = tf.TensorShape(info.tensor_shape)
            assert value.shape == (None if shape.rank is None else tuple(shape))
            assert (value.default is None) == (key not in expected[name].defaults)
            if value.default is not None:
                same(value.default, tf.make_ndarray(expected[name].defaults[key]))
    assert [value.default is None for value in signatures["join"].inputs.values()].count(True) == 2
    assert signatures["join"].inputs["x"].shape == (None, None)


def test_tags_decide_the_graph(export_dir):
    with pytest.raises(KeyError):
        Signatures(export_dir, ("serve", "gpu"))
    with pytest.raises(StatusError) as caught:
        Remote(export_dir, ("serve", "gpu"))
    assert caught.value.code == "NOT_FOUND"


def test_a_failed_assertion_is_a_status(remote):
    with pytest.raises(StatusError) as caught:
        remote.predict("check", {"x": np.float32(-1)})
    assert caught.value.code == "INVALID_ARGUMENT"
    assert caught.value.message.startswith("assertion failed: [x is] [-1]")
    same(remote.predict("check", {"x": np.float32(3)})["x"], np.array(3, np.float32))


@pytest.mark.parametrize(
    ("signature_name", "inputs", "code", "message"),
    [
        ("other", {}, "FAILED_PRECONDITION", 'Serving signature key "other" not found.'),
        (
            "check",
            {},
            "INVALID_ARGUMENT",
            "The signature lacks []; the request lacks ['x'].",
        ),
        (
            "check",
            {"x": np.float32(1), "y": np.float32(1)},
            "INVALID_ARGUMENT",
            "The signature lacks ['y']; the request lacks [].",
        ),
        (
            "check",
            {"x": np.int32(1)},
            "INVALID_ARGUMENT",
            "Expects arg[0] to be float but int32 is provided",
        ),
        (
            "keep",
            {"text": np.zeros([1], np.float32)},
            "INVALID_ARGUMENT",
            "Expects arg[0] to be string but float is provided",
        ),
    ],
)
def test_bad_requests(remote, signature_name, inputs, code, message):
    with pytest.raises(StatusError) as caught:
        remote.predict(signature_name, inputs)
    assert (caught.value.code, caught.value.message) == (code, message)
    assert str(caught.value) == f"{code}: {message}"


def test_a_timeout_ends_a_run(remote):
    start = time.monotonic()
    with pytest.raises(StatusError) as caught:
        remote.predict("count", {"steps": np.int64(10**15)}, timeout=1)
    assert caught.value.code == "DEADLINE_EXCEEDED"
    # That it ends at all is the claim: so many steps take years, and `Remote.patience` is minutes.
    assert time.monotonic() - start >= 1
    assert remote.predict("count", {"steps": np.int64(10)}, timeout=60)["steps"] == 10
    with pytest.raises(RuntimeError, match="A timeout is more than 0 seconds; it is 0."):
        remote.predict("count", {"steps": np.int64(10)}, timeout=0)


def test_xla_is_disabled(remote):
    with pytest.raises(StatusError) as caught:
        remote.predict("compiled", {"x": np.float32(1)})
    assert caught.value.code == "INTERNAL"
    assert caught.value.message.startswith("XLA compilation disabled")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.array([b"a"]), r"No tensor is made of \|S1. Strings are arrays of objects."),
        (np.array([1], np.float16), "No tensor is made of float16."),
        (np.array(["a"], object), "An array of objects holds something other than bytes."),
    ],
)
def test_no_tensor_is_made_of_other_arrays(remote, value, message):
    with pytest.raises(RuntimeError, match=message):
        remote.predict("keep", {"text": value})


@pytest.mark.parametrize("name", ["check_x", "check_x:1", "check_x:-1", "none:0"])
def test_other_tensors_are_not_in_the_graph(remote, name):
    with pytest.raises(RuntimeError, match="KeyError"):
        remote.run({"check_x:0": np.float32(2)}, [name])


def test_memory_is_flat(remote):
    # One of each kind of request that leaked would leave 100 kB behind.
    size = 100_000
    requests = [
        (
            "join",
            {"text": texts(b"a" * size, b"b"), "x": np.ones([1, size // 4], np.float32)},
            "OK",
        ),
        ("keep", {"text": texts(b"c" * size)}, "OK"),
        ("keep", {"text": np.ones([size // 4], np.float32)}, "INVALID_ARGUMENT"),
        ("kinds", {"strings": texts(b"a" * size), "int32": texts(b"b" * size)}, "INVALID_ARGUMENT"),
        ("check", {"x": np.float32(-1)}, "INVALID_ARGUMENT"),
    ]
    for times, threads in ((200, 2), (1000, 2)):
        before = remote.memory()
        for name, inputs, code in requests:
            # No timeout: TensorFlow itself loses some memory when a run that has one fails.
            assert remote.predict_often(times, name, inputs, threads=threads) == {code: times}
    assert remote.memory() - before < 10 * MB


def test_a_session_is_not_for_a_process_with_tensorflow(export_dir):
    with pytest.raises(RuntimeError, match="Python's TensorFlow is in this process"):
        Session(export_dir)


def test_no_saved_model(tmp_path):
    with pytest.raises(StatusError) as caught:
        Remote(tmp_path)
    assert caught.value.code == "NOT_FOUND"


def test_a_worker_that_ends_is_told(export_dir):
    with Remote(export_dir) as remote:
        os.kill(remote.pid, signal.SIGTERM)
        with pytest.raises(RuntimeError, match="the worker ended with exit code -15"):
            remote.memory()
    with Remote(export_dir) as remote:
        remote.patience = 0.5
        with pytest.raises(RuntimeError, match="the worker ended with exit code -9"):
            remote.predict("count", {"steps": np.int64(10**15)})
