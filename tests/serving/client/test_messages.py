import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import json_format

from rwkeras.serving.client.messages import read_metadata, read_status
from rwkeras.serving.client.metadata import TensorSpec, VersionStatus

DEFAULTS = {
    "float": np.float32(0.1),
    "infinite": np.float32(np.inf),
    "zero": np.float32(0),
    "double": np.float64(np.pi),
    "int": np.int32(-3),
    "short": np.uint8(200),
    "seed": np.int64(-(2**63)),
    "flag": np.bool_(True),
    "matrix": np.arange(6, dtype=np.float32).reshape(2, 3),
    "same": np.full([3], 7, np.int32),
    "text": np.array(b"\0\xff", object),
    "texts": np.array([[b"a", b""]], object),
}


def metadata_of(signature):
    message = {
        "model_spec": {"version": "3"},
        "metadata": {"signature_def": {"signature_def": {"f": signature}}},
    }
    return read_metadata(message)


@pytest.mark.parametrize("name", DEFAULTS)
@pytest.mark.parametrize("whole", [False, True])
def test_defaults(name, whole):
    """Defaults as TensorFlow writes them, with and without what JSON may leave out."""
    value = DEFAULTS[name]
    tensor = tf.make_tensor_proto(value)
    json = json_format.MessageToDict(
        tensor, preserving_proto_field_name=True, always_print_fields_with_no_presence=whole
    )
    found = metadata_of({"defaults": {"x": json}}).signatures["f"].defaults["x"]
    assert found.dtype == np.asarray(value).dtype
    assert found.shape == np.shape(value)
    np.testing.assert_array_equal(found, value)


def test_values_that_are_left_out():
    tensor = {"dtype": "DT_INT32", "tensor_shape": {"dim": [{"size": "3"}]}, "int_val": [1, 2]}
    defaults = {"x": tensor, "y": {"dtype": "DT_FLOAT"}, "z": {"dtype": "DT_STRING"}}
    found = metadata_of({"defaults": defaults}).signatures["f"].defaults
    np.testing.assert_array_equal(found["x"], [1, 2, 2])
    assert (found["y"].item(), found["z"].item()) == (0, b"")
    # What it cannot read is no default.
    assert not metadata_of({"defaults": {"x": {"dtype": "DT_HALF"}}}).signatures["f"].defaults


def test_shapes():
    inputs = {
        "scalar": {"dtype": "DT_FLOAT"},
        "batch": {"dtype": "DT_STRING", "tensor_shape": {"dim": [{"size": "-1"}]}},
        "any": {"dtype": "DT_DOUBLE", "tensor_shape": {"unknown_rank": True, "dim": []}},
    }
    metadata = metadata_of({"inputs": inputs})
    assert metadata.version == 3
    assert metadata.signatures["f"].inputs == {
        "any": TensorSpec("float64", None),
        "batch": TensorSpec("string", (None,)),
        "scalar": TensorSpec("float32", ()),
    }


def test_status():
    fine = {"error_code": "OK", "error_message": ""}
    gone = {"error_code": "NOT_FOUND", "error_message": "gone"}
    versions = [
        {"version": "10", "state": "AVAILABLE", "status": fine},
        {"version": "9", "state": "END", "status": gone},
    ]
    assert read_status({"model_version_status": versions}) == [
        VersionStatus(9, "END", "NOT_FOUND: gone"),
        VersionStatus(10, "AVAILABLE", ""),
    ]
