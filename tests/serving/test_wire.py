"""That the servers of tests speak as TensorFlow Serving's documentation has it."""

import numpy as np
import pytest
import requests

from tests.serving.wire import Model, rest_server, signature_def


def half_plus_two(name, inputs):
    return {"y": inputs["x"] / np.float32(2) + np.float32(2)}


def pairs(name, inputs):
    return {"tag": inputs["tag"], "image_bytes": inputs["image_bytes"]}


@pytest.fixture(scope="module")
def url():
    number, text = ("float32", None), ("string", [None])
    signatures = {
        "serving_default": signature_def({"x": number}, {"y": number}),
        "pairs": signature_def(
            {"tag": text, "image_bytes": text}, {"tag": text, "image_bytes": text}
        ),
    }
    functions = {"serving_default": half_plus_two, "pairs": pairs}
    model = Model(lambda name, inputs: functions[name](name, inputs), signatures, name="half")
    with rest_server(model) as address:
        yield f"{address}/v1/models/half"


PAIRS = [{"tag": "foo", "image_bytes": {"b64": "AAE="}}, {"tag": "bar", "image_bytes": {"b64": ""}}]
COLUMNS = {name: [pair[name] for pair in PAIRS] for name in PAIRS[0]}


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ({"instances": [1.0, 2.0, 5]}, {"predictions": [2.5, 3.0, 4.5]}),
        ({"instances": [{"x": [1.0]}, {"x": [2]}]}, {"predictions": [[2.5], [3.0]]}),
        ({"inputs": [[1.0], [2.0]]}, {"outputs": [[2.5], [3.0]]}),
        ({"inputs": {"x": 1.0}}, {"outputs": 2.5}),
        ({"signature_name": "pairs", "instances": PAIRS}, {"predictions": PAIRS}),
        ({"signature_name": "pairs", "inputs": COLUMNS}, {"outputs": COLUMNS}),
    ],
)
def test_rows_and_columns(url, request_, answer):
    assert requests.post(f"{url}:predict", json=request_).json() == answer


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"inputs": ["a"]}, "is not of expected type: float32"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"inputs": {}, "signature_name": "pairs"}, "Missing named input: image_bytes in 'inputs'"),
        (
            {"instances": [{"tag": "a"}], "signature_name": "pairs"},
            "must be equal to: image_bytes,tag",
        ),
        ({"inputs": 1, "signature_name": "no"}, 'Serving signature name: "no" not found'),
        ({"inputs": 1, "instances": [1]}, "Both 'inputs' and 'instances' keys"),
        (
            {"instances": [{"tag": "a", "image_bytes": {"b64": "?"}}], "signature_name": "pairs"},
            "Unable to base64 decode",
        ),
        (
            {"instances": [{"tag": "a", "image_bytes": 1}], "signature_name": "pairs"},
            "JSON Value: 1 is not of expected type: string",
        ),
    ],
)
def test_errors(url, request_, error):
    answer = requests.post(f"{url}:predict", json=request_)
    assert answer.status_code == 400
    assert error in answer.json()["error"]


def test_other_errors(url):
    assert "JSON Parse error" in requests.post(f"{url}:predict", data="{").json()["error"]
    assert requests.get(f"{url}/versions/2").status_code == 404
    assert "Malformed request" in requests.get(f"{url}/nothing").json()["error"]
    assert requests.get(f"{url}/nothing").status_code == 400
    assert requests.get(url.replace("/v1/models/half", "/")).status_code == 404
    assert requests.put(f"{url}:predict", data="{}").status_code == 400


def test_padding_may_be_left_out(url):
    bare = {"tag": "foo", "image_bytes": {"b64": "AAE"}}
    answer = requests.post(f"{url}:predict", json={"signature_name": "pairs", "instances": [bare]})
    assert answer.json() == {"predictions": PAIRS[:1]}


def test_status_and_metadata(url):
    fine = {"error_code": "OK", "error_message": ""}
    versions = [{"version": "1", "state": "AVAILABLE", "status": fine}]
    assert requests.get(url).json() == {"model_version_status": versions}
    metadata = requests.get(f"{url}/versions/1/metadata").json()
    assert metadata["model_spec"] == {"name": "half", "signature_name": "", "version": "1"}
    signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert signature["inputs"]["x"]["tensor_shape"] == {"dim": [], "unknown_rank": True}
