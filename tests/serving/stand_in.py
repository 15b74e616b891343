"""A program with tensorflow_model_server's flags that serves a SavedModel as `wire.py` does.

The model itself runs as in the real one: in TensorFlow's C++ runtime, in a process without its
Python, though one request after another.
"""

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tensorflow.core.protobuf import saved_model_pb2

from tests.serving.c_worker import Remote
from tests.serving.wire import Model, rest_server, rpc_server


@contextlib.contextmanager
def saved_model(folder: Path, name: str) -> Iterator[Model]:
    """Gives the latest version of a model in a folder of versions."""
    version = max(int(path.name) for path in folder.iterdir())
    path = folder / str(version)
    file = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    signatures = dict(file.meta_graphs[0].signature_def)
    lock = threading.Lock()
    with Remote(path) as remote:

        def predict(signature_name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            with lock:
                return remote.predict(signature_name, inputs)

        yield Model(predict, signatures, name=name, versions=(version,))


def main() -> None:
    """Serves until it is terminated."""
    parser = argparse.ArgumentParser()
    for flag, kind in (
        ("port", int),
        ("rest_api_port", int),
        ("rest_api_timeout_in_ms", int),
        ("tensorflow_inter_op_parallelism", int),
        ("model_name", str),
        ("model_base_path", Path),
    ):
        parser.add_argument(f"--{flag}", type=kind, required=True)
    flags = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with (
        saved_model(flags.model_base_path, flags.model_name) as model,
        rpc_server(model, flags.port),
        rest_server(model, flags.rest_api_port),
    ):
        signal.pause()


if __name__ == "__main__":
    main()
