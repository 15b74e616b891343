import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from rwkeras.serving import Client, ServingError
from tests.serving import model_server as servers
from tests.serving.model_server import model_server  # noqa: F401 (a fixture)

ROOT = Path(__file__).parents[2]
TWICE = tf.constant(2)


class Shouting(tf.Module):
    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "text_bytes"),
            tf.TensorSpec([], tf.int32, "times"),
        ]
    )
    def shout(self, text_bytes, times=TWICE):
        shouted = tf.strings.upper(text_bytes)
        return {
            "text_bytes": tf.repeat(shouted, times),
            "loss": tf.fill([times], np.float32(np.nan)),
        }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shouting")
    module = Shouting()
    tf.saved_model.save(module, str(folder / "3"), {"serving_default": module.shout})
    return folder


def check(addresses):
    for address in (addresses.rest, addresses.rpc):
        with Client(address, model="shouting", timeout=60) as client:
            assert client.status() == [(3, "AVAILABLE", "")]
            assert client.metadata().version == 3
            for times, options in ((2, {}), (3, {"times": 3})):
                outputs = client.predict({"text_bytes": [b"hey"], **options}, "serving_default")
                assert outputs["text_bytes"].tolist() == [b"HEY"] * times
            assert np.isnan(outputs["loss"]).all()
            with pytest.raises(ServingError) as error:
                client.predict({"text_bytes": [b"hey"], "times": -1}, "serving_default")
            assert error.value.code == "INVALID_ARGUMENT"
            # Two operations refuse it, each in its own words.
            assert "-1" in str(error.value)
            with pytest.raises(ServingError) as error:
                Client(address, model="shouting", version=4).metadata()
            assert error.value.code == "NOT_FOUND"


@pytest.mark.slow
def test_the_real_one(model_server, folder):  # noqa: F811
    with model_server(folder, "shouting") as addresses:
        check(addresses)


@pytest.mark.slow
def test_stand_in_server(folder, monkeypatch):
    monkeypatch.setattr(servers, "find", lambda: None)
    with servers.running(folder, "shouting", stand_in=True) as addresses:
        check(addresses)


def test_one_that_ends_is_not_waited_for(folder, tmp_path, monkeypatch):
    program = tmp_path / "tensorflow_model_server"
    program.write_text("#!/bin/sh\necho its last words: $*\n")
    program.chmod(0o755)
    monkeypatch.delenv("TENSORFLOW_MODEL_SERVER", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(RuntimeError, match="its last words: --port="), servers.running(folder, "x"):
        pass


def test_without_one_there_is_a_reason_to_skip(monkeypatch):
    monkeypatch.delenv("TENSORFLOW_MODEL_SERVER", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.skip.Exception) as skipped:
        servers.require()
    assert str(skipped.value) == (
        "needs tensorflow_model_server on PATH or in TENSORFLOW_MODEL_SERVER"
    )
