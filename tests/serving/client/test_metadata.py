import numpy as np
import pytest

from rwkeras.serving.client.metadata import Signature, TensorSpec


def filled(dtype, value):
    signature = Signature({"x": TensorSpec(dtype, None)}, {}, {})
    return signature.fill({"x": value})["x"]


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("float32", 1),
        ("float32", [0.1, np.nan, np.inf]),
        ("float64", np.float32(0.5)),
        ("int32", np.int64(5)),
        ("uint8", [0, 255]),
        ("int64", np.uint8(3)),
        ("bool", [True, False]),
        ("float32", np.zeros([0, 3])),
    ],
)
def test_numbers(dtype, value):
    found = filled(dtype, value)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.asarray(value, dtype))


@pytest.mark.parametrize(
    "value", [b"a\0", "gr\u00fcn", [b"a\0", "b"], np.array([b"ab", b"c"]), np.array([["a"]])]
)
def test_strings(value):
    found = filled("string", value)
    assert found.dtype == object
    assert found.shape == np.shape(value)
    assert all(isinstance(item, bytes) for item in found.flat)
    given = np.asarray(value, object).flat
    assert list(found.flat) == [v.encode() if isinstance(v, str) else v for v in given]


@pytest.mark.parametrize(
    ("dtype", "value", "message"),
    [
        ("int32", 1.0, "values of type int32. Received: x=float64 values"),
        ("int32", 2**31, "values of type int32. Received: x=values outside its range"),
        ("uint8", -1, "values of type uint8. Received: x=values outside its range"),
        ("float32", 1e40, "values of type float32. Received: x=values outside its range"),
        ("float32", True, "values of type float32. Received: x=bool values"),
        ("float32", b"1", "values of type float32. Received: x=|S1 values"),
        ("float32", None, "values of type float32. Received: x=object values"),
        ("bool", 1, "values of type bool. Received: x=int64 values"),
        (
            "float32",
            [[1], [2, 3]],
            "values of type float32 with rows of equal length. Received: x=<class 'list'>",
        ),
        ("string", 1, "bytes or text, or a list of these. Received: x=<class 'int'>"),
    ],
)
def test_others_are_refused(dtype, value, message):
    with pytest.raises(ValueError) as error:
        filled(dtype, value)
    assert str(error.value) == f"Invalid value for argument `x`. Expected {message}"
