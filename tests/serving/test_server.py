import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from rwkeras.serving import server
from rwkeras.serving.server import (
    ServerSettings,
    find_server,
    folder_config,
    models_config,
    run,
    served_models,
    server_command,
)


@pytest.fixture
def folder(tmp_path):
    for path in ("painter/1", "painter/12", "painter/.export-x", "decoder/3", "empty"):
        (tmp_path / "models" / path).mkdir(parents=True)
    (tmp_path / "models" / "README.md").write_text("no model")
    # No versions: a file, and what is a number to Python alone.
    (tmp_path / "models" / "painter" / "13").touch()
    (tmp_path / "models" / "painter" / "\u0663").mkdir()
    return tmp_path / "models"


def parsed(text):
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    return {each.name: each for each in config.model_config_list.config}


def test_the_models_of_a_folder(folder):
    assert served_models(folder) == {"decoder": [3], "painter": [1, 12]}


@pytest.mark.parametrize("name", ["empty", "README.md", "missing"])
def test_a_folder_without_models_is_refused(folder, name):
    with pytest.raises(ValueError) as error:
        served_models(folder / name)
    assert str(error.value) == (
        "Invalid value for argument `models_dir`. Expected a folder of models, each a folder of "
        f"numbered versions. Received: models_dir={folder / name}"
    )


def test_the_configuration_of_several_models():
    models = {"painter": [1, 12], 'odd "name" \\': [3]}
    found = parsed(models_config(models, "/models", {"painter": {"stable": 1, "canary": 12}}))
    assert list(found) == list(models)
    assert {each.model_platform for each in found.values()} == {"tensorflow"}
    for name, each in found.items():
        assert each.base_path == f"/models/{name}"
    painter, odd = found.values()
    assert dict(painter.version_labels) == {"stable": 1, "canary": 12}
    assert list(painter.model_version_policy.specific.versions) == [1, 12]
    assert odd.model_version_policy.latest.num_versions == 1
    assert not odd.version_labels


@pytest.mark.parametrize(("name", "version"), [("painter", 2), ("other", 1)])
def test_labels_are_of_versions_that_are_there(name, version):
    with pytest.raises(ValueError) as error:
        models_config({"painter": [1]}, "/models", {name: {"stable": version}})
    assert str(error.value) == (
        "Invalid value for argument `label`. Expected a label of an existing version. Received: "
        f"label={name}:stable={version} of {{'painter': [1]}}"
    )


def test_the_command_of_the_program(folder):
    settings = ServerSettings(port=1, rest_port=2, rest_timeout=1.5, requests_at_once=3)
    with server_command(folder, "/bin/sh", settings) as command:
        flags = dict(part.removeprefix("--").split("=") for part in command[1:])
        assert command[0] == "/bin/sh"
        assert (flags["port"], flags["rest_api_port"]) == ("1", "2")
        assert flags["rest_api_timeout_in_ms"] == "1500"
        assert flags["tensorflow_inter_op_parallelism"] == "3"
        config, monitoring = (
            Path(flags[f"{name}_config_file"]) for name in ("model", "monitoring")
        )
        models = parsed(config.read_text())
        metrics = 'enable: true path: "/monitoring/prometheus/metrics"'
        assert monitoring.read_text() == f"prometheus_config {{ {metrics} }}\n"
    assert models["decoder"].base_path == f"{folder}/decoder"
    assert not config.exists()


def test_the_command_of_docker(folder, tmp_path):
    settings = ServerSettings(port=1, rest_port=2, image="mine:1")
    docker = tmp_path / "docker"
    docker.touch(0o755)
    with server_command(folder, str(docker), settings) as command:
        image = command.index("mine:1")
        options, flags = command[:image], command[image + 1 :]
    configs = options[-1].removesuffix(":/config:ro")
    assert options == [
        str(docker), "run", "--rm", "--init", "--entrypoint", "tensorflow_model_server",
        "-p", "1:8500", "-p", "2:8501",
        "-v", f"{folder}:/models:ro", "-v", f"{configs}:/config:ro",
    ]  # fmt: skip
    assert "--model_config_file=/config/models.config" in flags
    assert {"--port=8500", "--rest_api_port=8501"} <= set(flags)
    models = parsed(folder_config(folder, "/bin/docker"))
    assert models["painter"].base_path == "/models/painter"


def test_which_server_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError) as error:
        find_server()
    assert str(error.value) == (
        "Invalid value for argument `server`. Expected tensorflow_model_server or docker on PATH. "
        "Received: server=neither"
    )
    for name in ("docker", "tensorflow_model_server"):
        (tmp_path / name).touch(0o755)
        assert find_server() == str(tmp_path / name)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"port": 8501},
            "Invalid value for argument `rest_port`. Expected a port other than that of gRPC. "
            "Received: rest_port=8501",
        ),
        (
            {"rest_timeout": 0},
            "Invalid value for argument `rest_timeout`. Expected a finite number of at least "
            "0.001. Received: rest_timeout=0",
        ),
        (
            {"port": 70000},
            "Invalid value for argument `port`. Expected a port of at most 65535. Received: "
            "port=70000",
        ),
        (
            {"image": ""},
            "Invalid value for argument `image`. Expected the name of a Docker image. Received: "
            "image=",
        ),
    ],
)
def test_settings_that_serve_nothing(settings, message):
    with pytest.raises(ValueError) as error:
        ServerSettings(**settings)
    assert str(error.value) == message


def test_a_server_says_how_it_ended():
    assert run([sys.executable, "-c", "raise SystemExit(3)"]) == 3
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert run([sys.executable, "-c", code]) == 128 + signal.SIGKILL


def test_server_is_terminated_on_interrupt(monkeypatch):
    processes = []

    class Popen(subprocess.Popen):
        def wait(self, timeout=None):
            processes.append(self)
            if len(processes) == 1:
                raise KeyboardInterrupt
            return super().wait(timeout)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    with pytest.raises(KeyboardInterrupt):
        run([sys.executable, "-c", "import time; time.sleep(100)"])
    assert processes[0].returncode == -signal.SIGTERM


def test_server_ignoring_termination_is_killed(monkeypatch, tmp_path):
    monkeypatch.setattr(server, "_PATIENCE", 0.2)
    ready, processes = tmp_path / "ready", []

    class Popen(subprocess.Popen):
        def wait(self, timeout=None):
            processes.append(self)
            if len(processes) > 1:
                return super().wait(timeout)
            while not ready.exists():
                time.sleep(0.01)
            raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Popen)
    code = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    code += "open(sys.argv[1], 'w'); time.sleep(100)"
    with pytest.raises(KeyboardInterrupt):
        run([sys.executable, "-c", code, ready])
    assert processes[0].returncode == -signal.SIGKILL
