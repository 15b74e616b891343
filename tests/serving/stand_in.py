"""A program with tensorflow_model_server's flags that serves SavedModels as `wire.py` does.

A model itself runs as in the real one: in TensorFlow's C++ runtime, in a process without its
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
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.config import model_server_config_pb2

from tests.serving.c_worker import Remote
from tests.serving.wire import Model, Models, Predict, rest_server, rpc_server

ModelConfig = model_server_config_pb2.ModelConfig


@contextlib.contextmanager
def predictions(path: Path) -> Iterator[Predict]:
    """Gives what a version does."""
    lock = threading.Lock()
    with Remote(path) as remote:

        def predict(signature_name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            with lock:
                return remote.predict(signature_name, inputs)

        yield predict


@contextlib.contextmanager
def saved_model(config: ModelConfig) -> Iterator[Model]:
    """Gives the versions of a model that its configuration asks for, or the latest."""
    folder = Path(config.base_path)
    wanted = sorted(config.model_version_policy.specific.versions)
    versions = wanted or [max(int(path.name) for path in folder.iterdir())]
    file = (folder / str(versions[-1]) / "saved_model.pb").read_bytes()
    signatures = saved_model_pb2.SavedModel.FromString(file).meta_graphs[0].signature_def
    with contextlib.ExitStack() as stack:
        by_version = {
            version: stack.enter_context(predictions(folder / str(version))) for version in versions
        }
        yield Model(
            by_version[versions[-1]],
            dict(signatures),
            name=config.name,
            versions=tuple(versions),
            labels=config.version_labels,
            by_version=by_version,
        )


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
        served = Models([stack.enter_context(saved_model(model)) for model in models])
        stack.enter_context(rpc_server(served, flags.port))
        stack.enter_context(rest_server(served, flags.rest_api_port))
        signal.pause()


if __name__ == "__main__":
    main()
