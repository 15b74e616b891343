"""TensorFlow Serving, as a program or by Docker, over all models of a folder."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rwkeras.serving.versions import versions
from rwkeras.settings import Settings, setting
from rwkeras.validation import check_number, invalid_argument

PROGRAM = "tensorflow_model_server"
DOCKER = "docker"
# How long a server may take to end what it is at once it is told to end, in seconds.
_PATIENCE = 10
_MODELS_CONFIG, _MONITORING_CONFIG = "models.config", "monitoring.config"
_MONITORING = 'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }\n'
_LARGEST_PORT = 65535
# A version by label.
Labels = Mapping[str, int]


def _checked_port(name: str, port: Any) -> Any:
    check_number(name, port, integer=True, minimum=1)
    if port > _LARGEST_PORT:
        raise invalid_argument(name, f"a port of at most {_LARGEST_PORT}", port)
    return port


@dataclass(frozen=True)
class ServerSettings(Settings):
    """Settings of the server."""

    port: int = setting(8500, "The port of gRPC.", check=_checked_port)
    rest_port: int = setting(8501, "The port of REST.", check=_checked_port)
    # The server counts milliseconds.
    rest_timeout: float = setting(
        120.0,
        "Seconds after which a REST request is answered with an error. What a client has given up "
        "goes on until then, or until the work is done.",
        minimum=0.001,
    )
    requests_at_once: int = setting(
        8,
        "Threads on which the loops of requests take turns; with fewer than there are requests, "
        "one holds up the others.",
        minimum=1,
    )
    image: str = setting("tensorflow/serving", "Docker's image.")

    def __post_init__(self):
        super().__post_init__()
        if self.port == self.rest_port:
            raise invalid_argument("rest_port", "another than that of gRPC", self.rest_port)
        if not self.image:
            raise invalid_argument("image", "the name of an image", self.image)


def served_models(folder: str | os.PathLike[str]) -> dict[str, list[int]]:
    """Returns the versions of the models of a folder, by name.

    Raises:
        ValueError: There are none.
    """
    path = Path(folder)
    names = sorted(each.name for each in path.iterdir() if each.is_dir()) if path.is_dir() else []
    found = {name: versions(path / name) for name in names}
    found = {name: numbers for name, numbers in found.items() if numbers}
    if not found:
        expected = "a folder with models in it, each a folder of numbered versions"
        raise invalid_argument("models_dir", expected, str(folder))
    return found


def _quoted(text: str) -> str:
    """Returns text as protocol buffers' text format has strings."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def models_config(
    models: Mapping[str, Sequence[int]], root: str, labels: Mapping[str, Labels] | None = None
) -> str:
    """Returns a `ModelServerConfig` in text format.

    The latest version of a model is served; of one that has labels, the versions that have them.

    Args:
        models: Versions by the model's name.
        root: The folder of models, an absolute path where the server runs.
        labels: Of some models: versions by label, such as {"stable": 1, "canary": 2}.

    Raises:
        ValueError: A label is of a model or a version that is not there.
    """
    labels = labels or {}
    for name, named in labels.items():
        for label, version in named.items():
            if version not in models.get(name, ()):
                found = f"{name}:{label}={version} of {dict(models)}"
                raise invalid_argument("label", "one of a version that is there", found)
    configs = [_model_config(name, root, labels.get(name, {})) for name in models]
    return "model_config_list {\n" + "".join(configs) + "}\n"


def _model_config(name: str, root: str, labels: Labels) -> str:
    numbers = " ".join(f"versions: {version}" for version in sorted(set(labels.values())))
    policy = f"specific {{ {numbers} }}" if labels else "latest { num_versions: 1 }"
    lines = [
        f"name: {_quoted(name)}",
        f"base_path: {_quoted(f'{root}/{name}')}",
        'model_platform: "tensorflow"',
        f"model_version_policy {{ {policy} }}",
        *(f"version_labels {{ key: {_quoted(k)} value: {v} }}" for k, v in labels.items()),
    ]
    return "  config {\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def find_server() -> str:
    """Returns the path of TensorFlow Serving's program, or else of Docker's.

    Raises:
        ValueError: Neither is there.
    """
    for name in (PROGRAM, DOCKER):
        found = shutil.which(name)
        if found is not None:
            return found
    raise invalid_argument("server", f"{PROGRAM} or {DOCKER} on PATH", "neither")


def check_server(server: str) -> None:
    """Raises `ValueError` unless a program can be run.

    Args:
        server: Its path, or its name if it is on PATH.
    """
    if shutil.which(server) is None:
        raise invalid_argument("server", "a program that can be run", server)


def _is_docker(server: str) -> bool:
    return Path(server).name == DOCKER


def folder_config(
    folder: str | os.PathLike[str], server: str, labels: Mapping[str, Labels] | None = None
) -> str:
    """Returns the `models_config` of all models of a folder, as a server finds them.

    Args:
        folder: What `served_models` takes.
        server: The program, or Docker's, in whose container the folder is /models.
        labels: See `models_config`.
    """
    root = "/models" if _is_docker(server) else str(Path(folder).absolute())
    return models_config(served_models(folder), root, labels)


def _command(server: str, models_dir: Path, config_dir: str, settings: ServerSettings) -> list[str]:
    """Returns the command that serves a folder of models with the configuration of another."""
    if _is_docker(server):
        program = [
            # The image's own entry point is a shell, which would not hand on signals.
            *(server, "run", "--rm", "--init", "--entrypoint", PROGRAM),
            *("-p", f"{settings.port}:8500", "-p", f"{settings.rest_port}:8501"),
            *("-v", f"{models_dir}:/models:ro", "-v", f"{config_dir}:/config:ro"),
            settings.image,
        ]
        config_dir, port, rest_port = "/config", 8500, 8501
    else:
        program, port, rest_port = [server], settings.port, settings.rest_port
    return [
        *program,
        f"--port={port}",
        f"--rest_api_port={rest_port}",
        f"--model_config_file={config_dir}/{_MODELS_CONFIG}",
        f"--monitoring_config_file={config_dir}/{_MONITORING_CONFIG}",
        # Labels are given before what they name is there.
        "--allow_version_labels_for_unavailable_models=true",
        f"--rest_api_timeout_in_ms={round(1000 * settings.rest_timeout)}",
        f"--tensorflow_inter_op_parallelism={settings.requests_at_once}",
    ]


@contextlib.contextmanager
def server_command(
    folder: str | os.PathLike[str],
    server: str,
    settings: ServerSettings = ServerSettings(),
    labels: Mapping[str, Labels] | None = None,
) -> Iterator[list[str]]:
    """Gives the command that serves all models of a folder, over REST and gRPC.

    Its configuration is in files that are there until the block ends. Prometheus's metrics are at
    /monitoring/prometheus/metrics of the REST port.

    Args:
        folder: What `served_models` takes.
        server: What `find_server` returns, or another path or name of one of them.
        settings: How they are served.
        labels: See `models_config`.

    Raises:
        ValueError: There are no models, the server cannot be run, or a label is of a version that
            is not there.
    """
    check_server(server)
    config = folder_config(folder, server, labels)
    with tempfile.TemporaryDirectory(prefix="rwkeras-serve-") as config_dir:
        os.chmod(config_dir, 0o755)  # A user of the container's reads it.
        (Path(config_dir) / _MODELS_CONFIG).write_text(config)
        (Path(config_dir) / _MONITORING_CONFIG).write_text(_MONITORING)
        yield _command(server, Path(folder).absolute(), config_dir, settings)


def run(command: Sequence[str]) -> int:
    """Runs a server until it ends, or until an exception that is raised here ends it.

    Args:
        command: What `server_command` gives, and further flags.

    Returns:
        Its exit status; of one that a signal ended 128 and the signal's number, as shells have it.
    """
    process = subprocess.Popen(command)
    try:
        status = process.wait()
        return status if status >= 0 else 128 - status
    finally:
        process.terminate()
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
        finally:  # Whatever ends the wait.
            process.kill()
            process.wait()
