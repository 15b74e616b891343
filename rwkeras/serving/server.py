"""Running TensorFlow Serving, as a program or with Docker, for all models of a folder."""

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
# Seconds that a terminated server may take to finish its work before it is killed.
_PATIENCE = 10
_MODELS_CONFIG, _MONITORING_CONFIG = "models.config", "monitoring.config"
_MONITORING = 'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }\n'
_LARGEST_PORT = 65535
# Versions by label.
Labels = Mapping[str, int]


def _checked_port(name: str, port: Any) -> Any:
    check_number(name, port, integer=True, minimum=1)
    if port > _LARGEST_PORT:
        raise invalid_argument(name, f"a port of at most {_LARGEST_PORT}", port)
    return port


@dataclass(frozen=True)
class ServerSettings(Settings):
    """Settings of the server."""

    port: int = setting(8500, "Port of gRPC.", check=_checked_port)
    rest_port: int = setting(8501, "Port of REST.", check=_checked_port)
    # The server takes whole milliseconds.
    rest_timeout: float = setting(
        120.0,
        "Seconds after which a REST request is answered with an error. The work of a client that "
        "disconnects continues until then, or until it is done.",
        minimum=0.001,
    )
    requests_at_once: int = setting(
        8,
        "Number of threads that run the loops of requests; with fewer threads than concurrent "
        "requests, one request blocks the others.",
        minimum=1,
    )
    image: str = setting("tensorflow/serving", "Docker image of the server.")

    def __post_init__(self):
        super().__post_init__()
        if self.port == self.rest_port:
            raise invalid_argument("rest_port", "a port other than that of gRPC", self.rest_port)
        if not self.image:
            raise invalid_argument("image", "the name of a Docker image", self.image)


def served_models(folder: str | os.PathLike[str]) -> dict[str, list[int]]:
    """Returns the versions of all models in a folder, by model name.

    Raises:
        ValueError: The folder contains no models.
    """
    path = Path(folder)
    names = sorted(each.name for each in path.iterdir() if each.is_dir()) if path.is_dir() else []
    found = {name: versions(path / name) for name in names}
    found = {name: numbers for name, numbers in found.items() if numbers}
    if not found:
        expected = "a folder of models, each a folder of numbered versions"
        raise invalid_argument("models_dir", expected, str(folder))
    return found


def _quoted(text: str) -> str:
    """Returns text as a string literal of protocol buffers' text format."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def models_config(
    models: Mapping[str, Sequence[int]], root: str, labels: Mapping[str, Labels] | None = None
) -> str:
    """Returns a `ModelServerConfig` in text format.

    The latest version of a model is served, or, if the model has labels, all labelled versions.

    Args:
        models: Versions by model name.
        root: The folder of models, an absolute path as the server sees it.
        labels: Versions by label, such as {"stable": 1, "canary": 2}, by model name.

    Raises:
        ValueError: A label names a missing model or version.
    """
    labels = labels or {}
    for name, named in labels.items():
        for label, version in named.items():
            if version not in models.get(name, ()):
                found = f"{name}:{label}={version} of {dict(models)}"
                raise invalid_argument("label", "a label of an existing version", found)
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
        ValueError: Neither is on PATH.
    """
    for name in (PROGRAM, DOCKER):
        found = shutil.which(name)
        if found is not None:
            return found
    raise invalid_argument("server", f"{PROGRAM} or {DOCKER} on PATH", "neither")


def _check_server(server: str) -> None:
    """Raises `ValueError` unless a program can be run.

    Args:
        server: The program's path, or its name on PATH.
    """
    if shutil.which(server) is None:
        raise invalid_argument("server", "an executable program", server)


def _is_docker(server: str) -> bool:
    return Path(server).name == DOCKER


def folder_config(
    folder: str | os.PathLike[str], server: str, labels: Mapping[str, Labels] | None = None
) -> str:
    """Returns the `models_config` of all models of a folder, with paths as the server sees them.

    Args:
        folder: The folder of models.
        server: TensorFlow Serving's program, or Docker's, whose container has the folder at
            /models.
        labels: See `models_config`.
    """
    root = "/models" if _is_docker(server) else str(Path(folder).absolute())
    return models_config(served_models(folder), root, labels)


def _command(server: str, models_dir: Path, config_dir: str, settings: ServerSettings) -> list[str]:
    """Returns the command that serves `models_dir` with the configuration in `config_dir`."""
    if _is_docker(server):
        program = [
            # The image's entry point is a shell, which would not forward signals.
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
        # Labels are assigned before their versions are loaded.
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
    """Context manager that yields the command to serve all models of a folder.

    They are served over REST and gRPC. The configuration files exist until the block ends.
    Prometheus metrics are at /monitoring/prometheus/metrics on the REST port.

    Args:
        folder: The folder of models.
        server: Path or name of TensorFlow Serving's program or of Docker, as from `find_server`.
        settings: Settings of the server.
        labels: See `models_config`.

    Raises:
        ValueError: There are no models, the server cannot be run, or a label names a missing
            version.
    """
    _check_server(server)
    config = folder_config(folder, server, labels)
    with tempfile.TemporaryDirectory(prefix="rwkeras-serve-") as config_dir:
        os.chmod(config_dir, 0o755)  # Readable by the container's user.
        (Path(config_dir) / _MODELS_CONFIG).write_text(config)
        (Path(config_dir) / _MONITORING_CONFIG).write_text(_MONITORING)
        yield _command(server, Path(folder).absolute(), config_dir, settings)


def run(command: Sequence[str]) -> int:
    """Runs a server until it exits; terminates it if an exception is raised meanwhile.

    Args:
        command: Command from `server_command`, with any further flags.

    Returns:
        The exit status; if a signal ended the server, 128 plus its number, as in shells.
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
        finally:  # Even if the wait is interrupted.
            process.kill()
            process.wait()
