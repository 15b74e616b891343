import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from rwkeras.serving import Client, ServingSettings, export_decoder
from tests.commands.conftest import check_refused
from tests.serving.model_server import (
    free_ports,
    program_of,
    stand_in_program,
    wait_until_available,
)
from tests.tools import ROOT, path_of

SMALL = ServingSettings(max_side=64)


@pytest.fixture
def models(tmp_path):
    """Returns a folder of two models from images to images, the second in three versions."""
    inputs = keras.Input((None, None, 3))
    for name, outputs in (
        ("negative", 1 - inputs),
        ("dark", inputs / 4),
        ("dark", inputs / 2),
        ("dark", inputs),
    ):
        network = keras.Model(inputs, outputs)
        export_decoder(network, tmp_path / "models" / name, settings=SMALL, warmup=False)
    return tmp_path / "models"


@pytest.mark.slow
def test_several_models_are_served(models, photo, tmp_path):
    server = stand_in_program(tmp_path / "server")
    port, rest_port = free_ports(2)
    command = [
        *(sys.executable, path_of("serve"), f"--models_dir={models}", f"--server={server}"),
        *(f"--port={port}", f"--rest_port={rest_port}", "--label=dark:stable=1"),
        "--label=dark:canary=2",
    ]
    tool = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
    )
    picture = np.asarray(Image.open(photo)).astype(int)
    try:
        wait_until_available(f"http://localhost:{rest_port}", "negative", tool)
        for address in (f"localhost:{port}", f"http://localhost:{rest_port}"):
            with (
                Client(address, model="negative", timeout=120) as negative,
                Client(address, model="dark", label="stable", timeout=120) as dark,
            ):
                found = np.asarray(negative.invert(photo).pillow()[0])
                np.testing.assert_array_equal(found, 255 - picture)
                found = np.asarray(dark.invert(photo).pillow()[0])
                np.testing.assert_allclose(found, picture / 4, atol=0.51)
                assert {each.version for each in dark.status()} == {1, 2}
            for choice, share in (({"label": "canary"}, 2), ({}, 2)):
                with Client(address, model="dark", **choice) as client:
                    found = np.asarray(client.invert(photo).pillow()[0])
                np.testing.assert_allclose(found, picture / share, atol=0.51)
    finally:
        tool.send_signal(signal.SIGTERM)
        said = tool.communicate(timeout=30)[1]
    assert tool.returncode == 128 + signal.SIGTERM
    assert said.splitlines()[-1] == "interrupted"
    with pytest.raises(OSError):
        Client(f"http://localhost:{rest_port}", model="dark").status()


def fake_model(folder):
    (folder / "painter" / "2").mkdir(parents=True)


def test_the_list_of_models_is_printed(run, tmp_path):
    fake_model(tmp_path / "models")
    process = run(
        "serve", "--models_dir=models", "--server=/usr/bin/docker", "--print_config",
        "--label=painter:stable=2",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert process.stdout == (
        "model_config_list {\n"
        "  config {\n"
        '    name: "painter"\n'
        '    base_path: "/models/painter"\n'
        '    model_platform: "tensorflow"\n'
        "    model_version_policy { specific { versions: 2 } }\n"
        '    version_labels { key: "stable" value: 2 }\n'
        "  }\n"
        "}\n"
    )


def test_the_server_gets_its_flags_and_says_how_it_ended(run, tmp_path):
    fake_model(tmp_path / "models")
    code = "import sys; print(sys.argv, file=open('said.txt', 'w')); sys.exit(4)"
    server = program_of(tmp_path / "server", sys.executable, "-c", code)
    flags = ["--requests_at_once=3", "--rest_timeout=45", "--server_flag=--grpc_max_threads=5"]
    process = run("serve", "--models_dir=models", f"--server={server}", *flags)
    assert (process.returncode, process.stdout, process.stderr) == (4, "", "")
    said = (tmp_path / "said.txt").read_text()
    for flag in (
        "--tensorflow_inter_op_parallelism=3",
        "--rest_api_timeout_in_ms=45000",
        "--grpc_max_threads=5",
        "--port=8500",
        "--rest_api_port=8501",
    ):
        assert repr(flag) in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--models_dir=nowhere"],
            "Invalid value for argument `models_dir`. Expected a folder of models, each a folder "
            "of numbered versions. Received: models_dir=nowhere",
        ),
        (
            ["--models_dir=models", "--label=painter:stable"],
            "Invalid value for argument `label`. Expected MODEL:LABEL=VERSION. Received: "
            "label=painter:stable",
        ),
        (
            ["--models_dir=models", "--label=painter:stable=3"],
            "Invalid value for argument `label`. Expected a label of an existing version. "
            "Received: label=painter:stable=3 of {'painter': [2]}",
        ),
        (
            ["--models_dir=models", "--label=painter:stable=2", "--label=painter:stable=1"],
            "Invalid value for argument `label`. Expected one version for label 'stable'. "
            "Received: label=painter:stable=1",
        ),
        (
            ["--models_dir=models"],
            "Invalid value for argument `server`. Expected an executable program. Received: "
            "server=missing",
        ),
    ],
)
def test_what_cannot_be_served_is_refused(run, tmp_path, arguments, message):
    fake_model(tmp_path / "models")
    server = "sh" if "label" in message or "models_dir" in message else "missing"
    check_refused(run("serve", *arguments, f"--server={server}"), f"error: {message}")
