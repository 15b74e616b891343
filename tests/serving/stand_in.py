"""A program with tensorflow_model_server's flags that serves SavedModels as `wire.py` does.

A model itself runs as in the real one: in TensorFlow's C++ runtime, in a process without its
Python, though one request after another.
"""

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.config import model_server_config_pb2

from tests.serving.c_worker import Remote
from tests.serving.wire import Model, Models, rest_server, rpc_server

ModelConfig = model_server_config_pb2.ModelConfig


@contextlib.contextmanager
def saved_model(folder: Path, name: str, labels: Mapping[str, int]) -> Iterator[Model]:
    """Gives the latest version of a model in a folder of versions, whatever the label."""
    version = max(int(path.name) for path in folder.iterdir())
    path = folder / str(version)
    file = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    signatures = dict(file.meta_graphs[0].signature_def)
    lock = threading.Lock()
    with Remote(path) as remote:

        def predict(signature_name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            with lock:
                return remote.predict(signature_name, inputs)

        yield Model(predict, signatures, name=name, versions=(version,), labels=labels)


def configured(file: Path) -> list[ModelConfig]:
    """Returns the models that a file lists."""
    config = text_format.Parse(file.read_text(), model_server_config_pb2.ModelServerConfig())
    return list(config.model_config_list.config)


def main() -> None:
    """Serves until it is terminated."""
    parser = argparse.ArgumentParser()
    for flag, kind in (
        ("port", int),
        ("rest_api_port", int),
        ("rest_api_timeout_in_ms", int),
        ("tensorflow_inter_op_parallelism", int),
    ):
        parser.add_argument(f"--{flag}", type=kind, required=True)
    for flag in ("model_name", "monitoring_config_file"):
        parser.add_argument(f"--{flag}")
    for flag in ("model_base_path", "model_config_file"):
        parser.add_argument(f"--{flag}", type=Path)
    parser.add_argument("--allow_version_labels_for_unavailable_models")
    flags = parser.parse_args()
    if flags.model_config_file is None:
        models = [ModelConfig(name=flags.model_name, base_path=str(flags.model_base_path))]
    else:
        models = configured(flags.model_config_file)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with contextlib.ExitStack() as stack:
        served = Models(
            stack.enter_context(saved_model(Path(m.base_path), m.name, m.version_labels))
            for m in models
        )
        stack.enter_context(rpc_server(served, flags.port))
        stack.enter_context(rest_server(served, flags.rest_api_port))
        signal.pause()


if __name__ == "__main__":
    main()
