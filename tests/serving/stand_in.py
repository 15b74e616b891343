"""A program with tensorflow_model_server's flags that serves a SavedModel as `wire.py` does."""

import argparse
import signal
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tests.serving.wire import Model, ServedError, rest_server, rpc_server

_CODES = {code.value[0]: code.name for code in grpc.StatusCode}


def saved_model(folder: Path, name: str) -> Model:
    """Returns the latest version of a model in a folder of versions, run by TensorFlow."""
    version = max(int(path.name) for path in folder.iterdir())
    path = folder / str(version)
    loaded = tf.saved_model.load(str(path))
    file = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())

    def predict(signature_name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        try:
            outputs = loaded.signatures[signature_name](**tensors)
        except tf.errors.OpError as error:
            raise ServedError(_CODES[error.error_code], error.message) from error
        return {key: value.numpy() for key, value in outputs.items()}

    signatures = dict(file.meta_graphs[0].signature_def)
    return Model(predict, signatures, name=name, versions=(version,))


def main() -> None:
    """Serves until it is terminated."""
    parser = argparse.ArgumentParser()
    for flag, kind in (
        ("port", int),
        ("rest_api_port", int),
        ("rest_api_timeout_in_ms", int),
        ("model_name", str),
        ("model_base_path", Path),
    ):
        parser.add_argument(f"--{flag}", type=kind, required=True)
    flags = parser.parse_args()
    model = saved_model(flags.model_base_path, flags.model_name)
    with rpc_server(model, flags.port), rest_server(model, flags.rest_api_port):
        signal.pause()


if __name__ == "__main__":
    main()
