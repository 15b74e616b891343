import json

import numpy as np
import pytest

from rwkeras.serving.client.columns import from_columns, to_columns
from rwkeras.serving.client.metadata import TensorSpec


def test_columns_are_those_of_tensorflow_serving():
    arrays = {
        "file_bytes": np.array([b"\xff\0"], object),
        "seed": np.array(2**40),
        "image": np.zeros([1, 2], np.float32),
        "flag": np.array(True),
    }
    assert json.loads(json.dumps(to_columns(arrays))) == {
        "file_bytes": [{"b64": "/wA="}],
        "seed": 2**40,
        "image": [[0.0, 0.0]],
        "flag": True,
    }


def test_non_finite_json_numbers():
    columns = json.loads('{"x": [NaN, -Infinity, 1e+20], "n": [3]}')
    specs = {"x": TensorSpec("float32", (None,)), "n": TensorSpec("int32", (None,))}
    found = from_columns(columns, specs)
    np.testing.assert_array_equal(found["x"], np.float32([np.nan, -np.inf, 1e20]))
    assert (found["x"].dtype, found["n"].dtype) == (np.float32, np.int32)


def test_bytes_and_text():
    specs = {"file_bytes": TensorSpec("string", None), "text": TensorSpec("string", None)}
    found = from_columns(
        {"file_bytes": [[{"b64": "AA=="}], [{"b64": ""}]], "text": "\u00fc"}, specs
    )
    assert found["file_bytes"].tolist() == [[b"\0"], [b""]]
    assert found["text"].shape == ()
    assert found["text"].item() == b"\xc3\xbc"


@pytest.mark.parametrize("columns", [{"x": 1}, {"x": 1, "y": "a"}, {"x": 1, "y": [[1], [2, 3]]}])
def test_others_are_refused(columns):
    specs = dict.fromkeys("xy", TensorSpec("float32", None))
    with pytest.raises((KeyError, ValueError)):
        from_columns(columns, specs)
